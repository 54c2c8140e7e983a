"""The counter: what a clerk sees and presses, on a text terminal or in a browser. Floor 9."""

from posrefund.counter.contract import Effect, Failed
from posrefund.counter.screen import Choice, Field, FieldKind, Screen, Tone

__all__ = ["Choice", "Effect", "Failed", "Field", "FieldKind", "Screen", "Tone"]
