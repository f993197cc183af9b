"""What people and programs see, press and read: pages, the JSON API and letters.

Nothing is decided here that a call or a calendar depends on. A door reads what was sent, opens one
transaction, calls one action of a floor below and shows what came of it: a frozen view, never a row.
"""
