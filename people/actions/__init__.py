"""What can happen to people's records. Called inside somebody's transaction; never commits."""

from people.actions.clients import (
    accept_provider,
    add_client,
    move_relationship,
    retype,
    unarchive,
)
from people.actions.credentials import (
    CODE_LIVES,
    CODE_TRIES,
    PIN_TRIES_A_CALL,
    PIN_TRIES_AN_HOUR,
    begin_verification,
    note_wrong_pin,
    pin_is_locked,
    set_pin,
    try_code,
)
from people.actions.practices import (
    add_practice,
    add_provider,
    change_dial_phone,
    known_provider,
    number,
)
from people.actions.support import (
    note_receipt,
    open_case,
)
from people.actions.tokens import add_token

__all__ = [
    "CODE_LIVES",
    "CODE_TRIES",
    "PIN_TRIES_AN_HOUR",
    "PIN_TRIES_A_CALL",
    "accept_provider",
    "add_client",
    "add_practice",
    "add_provider",
    "add_token",
    "begin_verification",
    "change_dial_phone",
    "known_provider",
    "move_relationship",
    "note_receipt",
    "note_wrong_pin",
    "number",
    "open_case",
    "pin_is_locked",
    "retype",
    "set_pin",
    "try_code",
    "unarchive",
]
