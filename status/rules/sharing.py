"""What it is worth in matching that a provider tells what became of their consultations (R122, requirements 3.4).

One mild factor on a part that weighs a tenth. It never keeps anybody out, and it is shown with its numbers.
"""

from datetime import datetime, timedelta

# How far back it looks: a consultation counts until 90 days after its end, and no longer at that instant.
WINDOW = timedelta(days=90)
# As if so many had been shared before the first one: nobody begins below others.
AHEAD = 5
# The part that may be missed without anything coming of it.
ALLOWED = 0.2
WEIGHT = 0.3


def factor(shared: int, missed: int) -> float:
    """Return what reliability is multiplied by: 1 for newcomers and for one miss, about three quarters at worst."""
    return 1 - WEIGHT * max(0.0, missed / (shared + missed + AHEAD) - ALLOWED)


def drops_out_at(ends_at: datetime) -> datetime:
    """Return the instant from which on a consultation counts no longer."""
    return ends_at + WINDOW
