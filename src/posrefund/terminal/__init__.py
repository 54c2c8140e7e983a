"""The driver: one logical terminal. Floor 7.

``Terminal`` is identity, keys, journal, link and clock, and a short loop that performs the engine's
actions in order. It decides nothing about refunds.
"""

from posrefund.engine.settlement import BatchClosed
from posrefund.terminal.preview import Preview
from posrefund.terminal.sign_in import SignedIn
from posrefund.terminal.staff import Staff
from posrefund.terminal.terminal import Terminal

__all__ = ["BatchClosed", "Preview", "SignedIn", "Staff", "Terminal"]
