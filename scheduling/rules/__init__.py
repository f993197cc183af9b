"""Decisions about times: pure functions over values."""
