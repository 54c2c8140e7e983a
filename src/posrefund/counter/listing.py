"""A list that a digit chooses from, some at a time, and the pages that are no more than one. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from posrefund.counter.contract import Failed
from posrefund.counter.page import HOME, Page
from posrefund.counter.result_pages import RefusedPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Choice

__all__ = ["MORE", "ListPage", "Listing"]

MORE = "9"
"""The key that shows the next of them, and after the last the first again."""
_SHOWN = 8

_Item = TypeVar("_Item")


class Listing(Generic[_Item]):
    """What there is to choose from.

    Args:
        items: All of it, in order.
        shown_most: So many at a time.
    """

    def __init__(self, items: Sequence[_Item] = (), *, shown_most: int = _SHOWN) -> None:
        self.items, self._most, self._from = items, shown_most, 0

    @property
    def shown(self) -> list[tuple[str, _Item]]:
        """What is shown now, each with its key."""
        some = self.items[self._from : self._from + self._most]
        return [(str(key), item) for key, item in enumerate(some, start=1)]

    @property
    def has_more(self) -> bool:
        """Whether there is more than is shown."""
        return len(self.items) > self._most

    def turn(self) -> None:
        """Show the next."""
        following = self._from + self._most
        self._from = following if following < len(self.items) else 0

    def chosen(self, key: str) -> _Item:
        """Return what *key* chooses."""
        return self.items[self._from + int(key) - 1]


class ListPage(Page, Generic[_Item]):
    """A page that reads a list when it is entered; ``esc`` leads to the menu.

    Args:
        counter: What all pages share.
    """

    def __init__(self, counter: Counter) -> None:
        super().__init__(counter)
        self.listing: Listing[_Item] = Listing()

    def choice_of(self, key: str, item: _Item) -> Choice:
        """Return how *item* is offered."""
        raise NotImplementedError

    def page_of(self, item: _Item) -> Page:
        """Return where *item* leads."""
        raise NotImplementedError

    def choices(self) -> tuple[Choice, ...]:
        """Return what is shown, and where else it goes on."""
        offered = [self.choice_of(key, item) for key, item in self.listing.shown]
        if self.listing.has_more:
            offered.append(self.counter.choice(MORE, "key_more"))
        return (*offered, self.counter.choice("esc", "key_menu"))

    def press(self, key: str) -> Step:
        """Choose one, look further, or go back."""
        if key == "esc":
            return HOME
        if key == MORE:
            self.listing.turn()
            return None
        return self.page_of(self.listing.chosen(key))

    def resume(self, result: Any) -> Step:
        """Take the list."""
        if isinstance(result, Failed):
            return RefusedPage(self.counter, result.error)
        self.listing = Listing(result)
        return None
