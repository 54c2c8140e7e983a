"""``CounterApp``: the screens of a dialogue in a text terminal, by keyboard alone. Floor 9.

It draws what the dialogue shows and performs what it wants in a thread; it decides nothing. What is under way is never
cancelled: Ctrl-C does nothing then, and a process that is told to end first waits for what the host says.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from posrefund.closed import closed_class
from posrefund.counter.contract import AtDesk
from posrefund.counter.perform import perform
from posrefund.counter.screen import FieldKind
from posrefund.counter.text_draw import COLOURS, bar_of, beside, foot_of, main_of

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Key, Paste

    from posrefund.counter.contract import Effect, Reader
    from posrefund.counter.dialogue import Dialogue
    from posrefund.counter.screen import Field
    from posrefund.terminal import Terminal

__all__ = ["CounterApp"]

_KEYS = {"escape": "esc", "enter": "enter"}
_TYPED_MAX = {FieldKind.TEXT: 64, FieldKind.AMOUNT: 16, FieldKind.PIN: 12}
_SHOW_BUSY_AFTER_S = 0.2
_TWICE_S = 0.2
"""The key that changed the screen, pressed again within this, was pressed once by a hand in a hurry."""
_TICK_S = 0.1


@closed_class
class CounterApp(App[None]):
    """The counter in a text terminal of 80 columns and 24 lines or more.

    Args:
        dialogue: What is shown, and takes the keys.
        terminal: Where its effects are performed.
        reader: Where its cards are read.
    """

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "leave", priority=True),
        Binding("ctrl+q", "leave", priority=True),
    ]
    CSS = """
    Screen { background: #0d1726; color: #e8eef7; layout: vertical; }
    #bar { height: 1; color: #ffffff; }
    #mark { height: 1; background: #ffd479; color: #3a2a00; text-align: center; text-style: bold; display: none; }
    #body { height: 1fr; }
    #main { width: 1fr; padding: 1 2 0 2; scrollbar-size: 1 1; scrollbar-color: #34507f;
            scrollbar-background: #0d1726; }
    #side { width: 36; height: 100%; padding: 1 2 0 1; border-left: vkey #22375c; display: none; }
    #foot { height: 1; background: #16243c; }
    """

    def __init__(self, dialogue: Dialogue, terminal: Terminal, reader: Reader) -> None:
        super().__init__()
        self.title = "posrefund"
        self._dialogue, self._terminal, self._reader = dialogue, terminal, reader
        self._typed, self._drawn, self._tick = "", "", 0
        self._last: tuple[str, float] = ("", 0.0)
        self._work = ThreadPoolExecutor(1, "counter")
        self._aside = ThreadPoolExecutor(1, "counter-aside")

    # --- what is on the screen ---------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Put the five places together."""
        yield Static(id="bar")
        yield Static(id="mark")
        with Horizontal(id="body"):
            with VerticalScroll(id="main"):
                yield Static(id="text")
            yield Static(id="side")
        yield Static(id="foot")

    def on_mount(self) -> None:
        """Begin with the menu."""
        self.set_interval(_TICK_S, self._turn)
        self._want(self._dialogue.start())

    def _draw(self) -> None:
        shown = self._dialogue.screen
        side, mark = beside(shown), self.query_one("#mark", Static)
        bar = self.query_one("#bar", Static)
        bar.styles.background = COLOURS[shown.tone]
        bar.update(bar_of(shown, self._tick))
        mark.display = bool(shown.watermark)
        mark.update(shown.watermark)
        self.query_one("#text", Static).update(main_of(shown, self._typed))
        at_right = self.query_one("#side", Static)
        at_right.display = side is not None
        at_right.update(side or "")
        self.query_one("#foot", Static).update(foot_of(shown))
        if shown.name != self._drawn:
            self._drawn = shown.name
            main = self.query_one("#main", VerticalScroll)
            move = main.scroll_home if shown.field is None else main.scroll_end
            move(animate=False)

    def _turn(self) -> None:
        """Show that something is under way."""
        if self._dialogue.is_busy and self._drawn:
            self._tick += 1
            shown = self._dialogue.screen
            self.query_one("#bar", Static).update(bar_of(shown, self._tick))

    # --- what is pressed ---------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """Take a key: it is typed where there is a field, and else it chooses."""
        event.stop()
        event.prevent_default()
        key = _KEYS.get(event.key, event.key)
        if self._scrolled(key) or self._is_twice(key):
            return
        field = self._dialogue.screen.field
        if field is not None and key not in ("enter", "esc"):
            self._type(field, key, event.character or "")
            return
        self._last = (
            ("", 0.0) if key.isalpha() and key not in _KEYS.values() else (key, monotonic())
        )
        typed, self._typed = self._typed, ""
        if field is not None and key == "enter":
            self._want(self._dialogue.enter(typed))
        else:
            self._want(
                self._dialogue.press(key if key in _KEYS.values() else event.character or "")
            )

    def on_paste(self, event: Paste) -> None:
        """Take what a scanner or a hand pastes into a field: its first line."""
        field = self._dialogue.screen.field
        if field is not None:
            for character in event.text.splitlines()[0] if event.text else "":
                self._type(field, "", character)

    async def action_leave(self) -> None:
        """Quit, unless something is under way: that is never cancelled."""
        if not self._dialogue.is_busy:
            self.exit()

    def _is_twice(self, key: str) -> bool:
        """Whether it is the key that was pressed a moment ago, and was not typed."""
        last, when = self._last
        is_twice = key == last and monotonic() - when < _TWICE_S
        if is_twice:  # held down: it stays one press
            self._last = (key, monotonic())
        return is_twice

    def _type(self, field: Field, key: str, character: str) -> None:
        if key == "backspace":
            self._typed = self._typed[:-1]
        elif character.isprintable() and len(self._typed) < _TYPED_MAX[field.kind]:
            self._typed += character
        self._draw()

    def _scrolled(self, key: str) -> bool:
        main = self.query_one("#main", VerticalScroll)
        moves = {
            "up": main.scroll_up,
            "down": main.scroll_down,
            "pageup": main.scroll_page_up,
            "pagedown": main.scroll_page_down,
        }
        if key in moves:
            moves[key](animate=False)
        return key in moves

    # --- what is wanted ----------------------------------------------------------------------

    def _want(self, effect: Effect | None) -> None:
        """Perform *effect* in a thread and show what comes of it; and what is aside, beside it."""
        if effect is None:
            self._show()
        elif effect.is_aside:
            self._aside.submit(perform, effect, self._terminal, self._reader)
        else:
            if not isinstance(effect, AtDesk):
                self._draw()
            self.run_worker(self._performed(effect), exit_on_error=True)

    async def _performed(self, effect: Effect) -> None:
        late = self.set_timer(_SHOW_BUSY_AFTER_S, self._draw)
        loop = asyncio.get_running_loop()
        result: Any = await loop.run_in_executor(
            self._work, perform, effect, self._terminal, self._reader
        )
        late.stop()
        self._want(self._dialogue.resume(result))

    def _show(self) -> None:
        field = self._dialogue.screen.field
        self._typed = self._typed or (field.typed if field is not None else "")
        self._draw()
        if self._dialogue.is_over:
            self.exit()
