"""The protection of a message: ``seal`` puts the MAC on, ``unseal`` says what it found. Floor 4.

Knows codec, crypto and dialects, and nothing of refunds. ``unseal`` never raises on what a peer sent:
its verdicts are data, and the engine decides what they mean.
"""

from posrefund.seal.message import seal, unseal

__all__ = ["seal", "unseal"]
