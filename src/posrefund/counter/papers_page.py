"""What a refund rests on, where the rules want it or a clerk has it: the order's number, a document's. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.counter.page import Page
from posrefund.counter.screen import Choice, Field, FieldKind
from posrefund.engine import Document
from posrefund.errors import InvalidRequestError
from posrefund.office.slips.words import WORDS as SLIP_WORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.counter.page import Counter, Step
    from posrefund.counter.screen import Objection, Screen
    from posrefund.counter.wanted import Wanted
    from posrefund.engine.papers import DocumentKind

__all__ = ["MENDED_HERE", "DocumentPage", "OrderPage", "papers_page"]

MENDED_HERE = frozenset({"order_ref_required", "documents_required"})
"""Codes of rules that a clerk satisfies by typing."""

_STEP = 4
_KINDS: tuple[DocumentKind, ...] = ("receipt", "invoice", "fapiao", "red_letter_fapiao", "order")


def papers_page(
    counter: Counter,
    wanted: Wanted,
    then: Callable[[Wanted], Page],
    back: Page,
    objections: tuple[Objection, ...],
) -> Page:
    """Return where the first thing is typed that *objections* ask for."""
    codes = {one.code for one in objections}
    kind = OrderPage if "order_ref_required" in codes else DocumentPage
    return kind(counter, wanted, then, back, objections)


class _Papers(Page):
    """Something to type, and where it goes on with it.

    Args:
        counter: What all pages share.
        wanted: The refund.
        then: Where it goes on.
        back: Where ``esc`` leads.
        objections: Why it is asked for.
    """

    def __init__(
        self,
        counter: Counter,
        wanted: Wanted,
        then: Callable[[Wanted], Page],
        back: Page,
        objections: tuple[Objection, ...] = (),
    ) -> None:
        super().__init__(counter)
        self._wanted, self._then, self._back = wanted, then, back
        self._objections, self._error = objections, ""

    def _asks(self, name: str, title: str, label: str) -> Screen:
        return self.counter.screen(
            name,
            title,
            objections=self._objections,
            field=Field(FieldKind.TEXT, label, error=self._error),
            choices=self.counter.enter_or_esc(),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        """Go back."""
        return self._back


@closed_class
class OrderPage(_Papers):
    """Takes the number of the order."""

    def screen(self) -> Screen:
        """Return the field."""
        return self._asks("order", self.say("order"), self.say("order_field"))

    def enter(self, text: str) -> Step:
        """Take it, if it may stand in a journal."""
        wanted = self._wanted.with_(order_ref=text)
        try:
            wanted.request()
        except InvalidRequestError:
            self._error = self.say("paper_wrong")
            return None
        return self._then(wanted)


@closed_class
class DocumentPage(_Papers):
    """Takes the kind of a document, by a digit."""

    def screen(self) -> Screen:
        """Return the kinds."""
        kinds = enumerate(_KINDS, start=1)
        words = SLIP_WORDS[self.say.language]
        return self.counter.screen(
            "document",
            self.say("document"),
            objections=self._objections,
            choices=(
                *(Choice(str(key), words[kind]) for key, kind in kinds),
                self.counter.choice("esc", "key_back"),
            ),
            step=_STEP,
            steps=self._wanted.steps,
        )

    def press(self, key: str) -> Step:
        """Take the kind."""
        if key == "esc":
            return self._back
        kind = _KINDS[int(key) - 1]
        return _NumberPage(kind, self.counter, self._wanted, self._then, self)


@closed_class
class _NumberPage(_Papers):
    """Takes the number of a document."""

    def __init__(
        self,
        kind: DocumentKind,
        counter: Counter,
        wanted: Wanted,
        then: Callable[[Wanted], Page],
        back: Page,
    ) -> None:
        super().__init__(counter, wanted, then, back)
        self._kind = kind

    def screen(self) -> Screen:
        kind = SLIP_WORDS[self.say.language][self._kind]
        return self._asks("document_number", kind, self.say("document_field"))

    def enter(self, text: str) -> Step:
        try:
            document = Document(self._kind, text)
        except InvalidRequestError:
            self._error = self.say("paper_wrong")
            return None
        return self._then(self._wanted.with_(documents=(*self._wanted.documents, document)))
