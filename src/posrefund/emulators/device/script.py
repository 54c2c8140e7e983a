"""What an emulated device answers: by amount, or one answer after the other. Floor 9."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Lie", "Scene", "Script"]

Lie = Literal["amount", "reference", "terminal", "currency"]


@dataclass(frozen=True, slots=True)
class Scene:
    """How one money question ends.

    Attributes:
        code: The device's own result code; empty for its yes.
        lie: Which echoed field says something else than what was asked.
        does_act: Whether the device books it, whatever it says; None for what the code says.
        busy: It says that it is busy, so many times, before it listens.
        status: So many intermediate messages before the result.
        seconds: So long it works on it.
    """

    code: str = ""
    lie: Lie | None = None
    does_act: bool | None = None
    busy: int = 0
    status: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Script:
    """Which scene is played: the next of the queue, else the one of the amount, else the usual one.

    Attributes:
        by_amount: Minor units → scene.
        usual: What is played otherwise.
        queue: Played first, one for each money question.

    Example:
        >>> from posrefund.emulators.device import Scene, Script
        >>> script = Script({1234: Scene(code="05")})
        >>> script.then(Scene(busy=1)).play(1234).busy, script.play(1234).code, script.play(1).code
        (1, '05', '')
    """

    by_amount: Mapping[int, Scene] = field(default_factory=dict)
    usual: Scene = field(default_factory=Scene)
    queue: deque[Scene] = field(default_factory=deque)

    def then(self, scene: Scene) -> Script:
        """Put *scene* at the end of the queue; return the script."""
        self.queue.append(scene)
        return self

    def play(self, minor: int) -> Scene:
        """Return the scene for a question about *minor*."""
        return self.queue.popleft() if self.queue else self.by_amount.get(minor, self.usual)
