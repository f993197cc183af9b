"""Carriers: the only files that know a carrier's words.

Each carrier has one file that turns its requests into the floor's values and the floor's values into its
documents; `simulator` is the other side of the same border, the carrier itself, for demo, command line,
tests and bench.
"""
