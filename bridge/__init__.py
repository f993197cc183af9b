"""The line: a provider dials, the one right client's telephone rings.

Who may dial and what happens is decided in `rules/routing.py`; what is heard of a call afterwards is folded
in `rules/talk.py`; whether the line works at all is judged in `rules/health.py`. Metadata only: that a call
connected and for how long (R97).
"""
