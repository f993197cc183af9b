"""What an imported file means: its header, its cells, its rows beside each other and beside the provider's list."""

from people.rules.imports.cells import name_parts, read_row
from people.rules.imports.formulas import guard, unguard
from people.rules.imports.headers import HEADER_WITHIN, Found, Wanted, find_header, header_key
from people.rules.imports.lists import Plan, Step, fate_of, meet, plan

__all__ = [
    "HEADER_WITHIN",
    "Found",
    "Plan",
    "Step",
    "Wanted",
    "fate_of",
    "find_header",
    "guard",
    "header_key",
    "meet",
    "name_parts",
    "plan",
    "read_row",
    "unguard",
]
