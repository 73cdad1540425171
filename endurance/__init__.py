"""What Latently survives: each program here prints one figure, and `make endurance` runs them all.

Short forms of them run in the tests.
"""
