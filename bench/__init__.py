"""What `docs/speed.md` tells, measured: one file per figure, all of them in one run on one machine.

The engines are real, and forced to the disk as in service: `fsync` and `synchronous_commit` are on. Shared
cores drift, so what is compared is measured in turns, and what is told is the median of the rounds with their
spread. No figure is printed that was not computed in the run.
"""
