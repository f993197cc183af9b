"""What can happen on the line: a call comes in, something is heard of it, a line fails and recovers.

Actions load, decide by `rules`, and apply. They are called inside somebody's transaction and never commit;
`answer` alone opens its own, since its first statement must not wait for one.
"""

from bridge.actions.answering import RETRY_WITHIN, Answer, adopt, answer, conclude
from bridge.actions.hearing import Ending, hear, take_report
from bridge.actions.history import caller_key
from bridge.actions.keypad import (
    begin_verification,
    keyed_choice,
    keyed_code,
    keyed_pin,
    take_number_code,
    text_number_code,
)
from bridge.actions.outages import concerned, declare_outage, judge_line, note_sign, restore, reveal
from bridge.actions.showing import contacts, doubt_status, report_issue
from bridge.actions.texts import take_receipt, take_text

__all__ = [
    "RETRY_WITHIN",
    "Answer",
    "Ending",
    "adopt",
    "answer",
    "begin_verification",
    "caller_key",
    "concerned",
    "conclude",
    "contacts",
    "declare_outage",
    "doubt_status",
    "hear",
    "judge_line",
    "keyed_choice",
    "keyed_code",
    "keyed_pin",
    "note_sign",
    "report_issue",
    "restore",
    "reveal",
    "take_number_code",
    "take_receipt",
    "take_report",
    "take_text",
    "text_number_code",
]
