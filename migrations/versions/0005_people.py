"""What providers say of themselves, clients' own accounts, and messages."""

import re
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# What is new in closed lists, in the order of the enumerations.
NOTICES: tuple[str, ...] = ()
EVENTS: tuple[str, ...] = ()
TASKS: tuple[str, ...] = ()


def upgrade() -> None:
    """Go forward."""
    _extend("notices", "key", NOTICES)
    _extend("events", "kind", EVENTS)
    _extend("tasks", "kind", TASKS)


def downgrade() -> None:
    """Go back: not without losing what people wrote, so by a copy of the database only."""
    msg = "This migration does not go back. Restore the copy of the database that was made before it."
    raise RuntimeError(msg)


def _extend(table: str, column: str, values: Sequence[str]) -> None:
    """Add to a closed list what is not in it yet, after what is."""
    name = f"ck_{table}_{column}"
    said = op.get_bind().scalar(
        sa.text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"), {"name": name}
    )
    allowed = list(dict.fromkeys([*re.findall(r"'([^']+)'", said), *values]))
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, f"{column} IN ({', '.join(repr(one) for one in allowed)})")
