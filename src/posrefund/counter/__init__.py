"""The counter: what a clerk sees and presses, on a text terminal or in a browser. Floor 9.

``Dialogue`` does no I/O: it says what stands on the screen, as data, and what it wants done; whoever has a terminal and a
card reader performs that and hands back what came of it. The screens are drawn by whoever likes to.
"""

from posrefund.counter.contract import AtDesk, AtReader, Effect, Failed, OnLine, Reader
from posrefund.counter.dialogue import Dialogue
from posrefund.counter.ids import new_id
from posrefund.counter.page import Counter
from posrefund.counter.perform import perform, perform_async
from posrefund.counter.reader import CardsToPractise, NoReader, PadReader
from posrefund.counter.screen import Choice, Fact, Field, FieldKind, Objection, Pad, Screen, Tone

__all__ = [
    "AtDesk",
    "AtReader",
    "CardsToPractise",
    "Choice",
    "Counter",
    "Dialogue",
    "Effect",
    "Fact",
    "Failed",
    "Field",
    "FieldKind",
    "NoReader",
    "Objection",
    "OnLine",
    "Pad",
    "PadReader",
    "Reader",
    "Screen",
    "Tone",
    "new_id",
    "perform",
    "perform_async",
]
