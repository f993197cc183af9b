"""A clock that a story moves by hand."""

from datetime import UTC, datetime, timedelta

# A Tuesday afternoon in New York, an hour and more from any edge that stories look at.
START = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **span: float) -> datetime:
        """Move on by a span as timedelta takes it: hours=24, seconds=1."""
        self.at += timedelta(**span)
        return self.at

    def to(self, at: datetime) -> datetime:
        """Move to an instant."""
        self.at = at
        return at
