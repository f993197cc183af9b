"""Appointments: offered, booked, moved and given up.

An appointment is between people, so it knows them; it tells the ledger about its times. The line on which
a consultation is held is chosen here, since it depends on the neighbours in the calendar (R103).
"""
