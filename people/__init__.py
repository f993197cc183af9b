"""The people: practices, providers and clients, how each is recognised, and how each is reached.

A provider's `dial_phone` is a credential: it is what the line knows them by, so it stands on no page, feed or
export (R102). Names, numbers and addresses live on this floor and are read at the moment they are needed.
"""
