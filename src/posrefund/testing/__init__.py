"""What integrators and our own tests share: a clock that stands still until it is told. Floor 10."""

from posrefund.testing.clock import ManualClock

__all__ = ["ManualClock"]
