"""A refund request as JSON, as ``posrefund policy check`` takes it: every fault at once. Floor 11."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from posrefund.cli.method import paid_back_by
from posrefund.cli.money import amount_of, original_of
from posrefund.cli.rules_file import text_of
from posrefund.engine import Document, Reason, RefundRequest, Signature
from posrefund.errors import ConfigError, InvalidRequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from posrefund.errors import Fault

__all__ = ["read_request"]

_TEXTS = ("request_id", "operator", "note", "order_ref", "corrects", "contact")
_KEYS = (*_TEXTS, "original", "slip", "card", "amount", "reason", "documents", "signature")
_CARD_KEYS = ("number", "entry", "expiry", "voucher")


def read_request(path: Path) -> RefundRequest:
    """Return the refund request of a JSON file; ``docs/howto/rules.md`` says what stands in it.

    Raises:
        ConfigError: It cannot be read.
        InvalidRequestError: Every fault at once, with its path.
    """
    try:
        data = json.loads(text_of(path))
    except (ValueError, RecursionError):
        raise ConfigError(f"{path} is no JSON") from None
    return _Reader(data).request()


class _Reader:
    """Reads a request and does not stop at its first fault."""

    def __init__(self, data: object) -> None:
        self.faults: list[Fault] = []
        self.data = self._object("request", data, _KEYS)

    def request(self) -> RefundRequest:
        data = self.data
        made = {name: data[name] for name in _TEXTS if name in data}
        made["original"] = self._made(
            lambda: original_of(data["original"], data.get("slip", "")), "original"
        )
        made["card"] = self._made(self._card, "card")
        if data.get("amount") is not None:
            made["amount"] = self._made(lambda: amount_of(data["amount"]), "amount")
        made["reason"] = self._made(lambda: Reason(data.get("reason", "customer")), "reason")
        made["documents"] = self._made(self._documents, "documents")
        if data.get("signature") is not None:
            keys = ("kind", "sha256")
            given = self._object("signature", data["signature"], keys)
            made["signature"] = self._made(lambda: Signature(**given), "signature")
        missing = ("request_id",) if "request_id" not in data else ()
        self.faults += [(name, "a text; it is missing") for name in missing]
        if self.faults:
            raise InvalidRequestError(self.faults)
        return RefundRequest(**made)

    def _made(self, make: Callable[[], Any], path: str) -> Any:
        try:
            return make()
        except InvalidRequestError as error:
            self.faults += error.faults
        except (KeyError, TypeError, ValueError, AttributeError):
            self.faults.append((path, "what docs/howto/rules.md says of it"))
        return None

    def _card(self) -> Any:
        card = self._object("card", self.data["card"], _CARD_KEYS)
        read = card.get("entry", "051"), card.get("expiry", "3012")
        return paid_back_by(card.get("number", ""), card.get("voucher", ""), *read)

    def _documents(self) -> tuple[Document, ...]:
        found = self.data.get("documents", [])
        if not isinstance(found, list):
            raise InvalidRequestError([("documents", "a list")])
        keys = ("kind", "number", "sha256")
        return tuple(Document(**self._object("documents", each, keys)) for each in found)

    def _object(self, path: str, value: object, keys: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self.faults.append((path, f"an object of {', '.join(keys)}"))
            return {}
        self.faults += [(path, f"only {', '.join(keys)}")] if value.keys() - set(keys) else []
        return {name: value[name] for name in keys if name in value}
