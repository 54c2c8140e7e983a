"""A notice by whatever Apprise knows: SMS gateways, mail, push services, more than a hundred. Floor 8.

The ``notify`` extra. A channel is a URL of Apprise's; ``{contact}`` in it stands for the customer's number or address.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from posrefund.closed import closed_class
from posrefund.errors import ConfigError, LinkError
from posrefund.office.notices.channel import reaches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from posrefund.office.notices.channel import Reach
    from posrefund.office.notices.message import Message

__all__ = ["AppriseChannel"]

_PLACE = "{contact}"
_SAMPLES = {"phone": "+8613800138000", "mail": "customer@shop.example", "shop": ""}
_LOUD = ("apprise", "urllib3.connectionpool")
"""They write down whom they send to."""


@closed_class
class AppriseChannel:
    """Sends each message through one service.

    Args:
        url: Of Apprise's, such as ``twilio://SID:TOKEN@FROM/{contact}`` or ``mailtos://USER:PASS@HOST?to={contact}``;
            to the shop itself one without ``{contact}``.
        name: Of the channel.
        to: Whom it reaches; customers whose contact is of another kind are left to other channels. A customer
            is not told what is overtaken by a later word already; the shop is told everything.
        form: The short text, or subject and letter.

    Raises:
        ConfigError: Apprise is not installed or does not know such a URL; ``{contact}`` is missing, or is one too many.
    """

    def __init__(
        self, url: str, *, name: str, to: Reach = "shop", form: Literal["short", "long"] = "short"
    ) -> None:
        if to not in _SAMPLES or form not in ("short", "long"):
            raise ConfigError(f"notices {name}: expected to phone, mail or shop; short or long")
        if (_PLACE in url) != (to != "shop"):
            raise ConfigError(
                f"notices {name}: expected {_PLACE} in the URL where it goes to customers"
            )
        self.name, self.stays_here = name, False
        self._to, self._form = to, form
        self._url: Callable[[], str] = lambda: url  # printed with its owner it shows nothing
        self._service(_SAMPLES[to])

    def takes(self, message: Message) -> bool:
        """Say whether the customer is to be reached this way, and it is still the last word."""
        if self._to != "shop" and message.is_old_news:
            return False
        return reaches(message.contact, self._to)

    def send(self, message: Message) -> None:
        """Send it.

        Raises:
            LinkError: The service did not take it; why, it tells nobody but its own log.
        """
        text = message.short if self._form == "short" else message.body
        title = "" if self._form == "short" else message.subject
        service = self._service(message.contact)
        with _quiet():
            is_taken = bool(service.notify(body=text, title=title, body_format="text"))
        if not is_taken:
            raise LinkError("the service did not take the message")

    def _service(self, contact: str) -> Any:
        """The service, told whom to send to. The URL is never quoted: it holds the shop's password."""
        try:
            import apprise
        except ImportError:
            raise ConfigError("Apprise is missing: pip install 'posrefund[notify]'") from None
        if self._to == "phone":
            contact = "".join(sign for sign in contact if sign.isdigit() or sign == "+")
        with _quiet():
            service = apprise.Apprise()
            is_known = service.add(self._url().replace(_PLACE, quote(contact, safe="")))
        if not is_known:
            raise ConfigError(f"notices {self.name}: Apprise does not know such a URL")
        return service


@contextmanager
def _quiet() -> Iterator[None]:
    """Let nobody write down who is written to."""
    loggers = [logging.getLogger(name) for name in _LOUD]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was
