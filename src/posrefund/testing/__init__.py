"""What integrators and our own tests share: a clock that stands still, a link without a line. Floor 10."""

from posrefund.testing.clock import ManualClock
from posrefund.testing.memory_link import MemoryLink

__all__ = ["ManualClock", "MemoryLink"]
