"""Decisions about people: pure functions over values."""
