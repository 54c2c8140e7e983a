"""Parties a terminal talks to, emulated: each a second witness with tables and books of its own.

They never import the engine, the codec or the dialects, so that one mistake cannot hide the other.
The emulated acquirer host is imported from ``posrefund.emulators.host``. Floor 9.
"""
