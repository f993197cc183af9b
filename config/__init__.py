"""The ground floor: the outside world and the shared words.

Settings, the database and its column types, the job queue, the cache, logging, and the small
vocabulary that every floor above speaks: what a refusal is, what a telephone number is, how a
lifecycle is written down. Nothing here knows of a consultation.
"""
