"""Plugs everything together: the only place where real things are made.

The roles (`web`, `voice`, `worker`), the command line, the engines that run where nobody has set an
address, and `deps`, which turns settings into the one frozen `Deps` that all other floors are handed.
Nothing below imports this floor.
"""
