"""The ledger: what happened, and what is due.

Consultations and their status, tasks, notices to be delivered, and the append-only history. It knows ids
and instants only: no column here could hold a name, a number or a note, so no letter written from it
can carry one (R37). Whoever knows more, tells it.
"""
