"""What stands in a key file of version 2, and the two seals on it. Floor 5: but this file does no I/O.

Each slot is sealed with its name, purpose, algorithm, check value, counter and details; the file as a whole
is sealed with its lock, its generation, its test-key flag and every slot. So a slot that was moved, renamed or
changed does not open, and one that was taken away or put back from an older copy breaks the seal of the
file. A slot's counter is the generation that wrote it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from posrefund.crypto import open_box, seal_box
from posrefund.errors import ConfigError, InvalidKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CHANGED",
    "GENERATION_MAX",
    "VERSION",
    "Document",
    "Slot",
    "dump",
    "open_slot",
    "parse",
    "seal_slot",
    "verify",
]

CHANGED = "wrong passphrase, or the key file was changed"
VERSION = 2
GENERATION_MAX = 2**53
"""Where JSON of other languages stops counting."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot as it stands in the file.

    Attributes:
        purpose: What the key is for.
        algorithm: The cipher it is for; ``""`` for what is no cipher's key.
        kcv: Its check value; ``""`` if it has none.
        counter: The generation that wrote it.
        detail: More that is known about it and no secret: a serial number, a device's slot.
        sealed: The box in hexadecimal digits; ``""`` where the key lives in a device.
    """

    purpose: str
    algorithm: str
    kcv: str
    counter: int
    detail: Mapping[str, str] = field(default_factory=dict)
    sealed: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Document:
    """A key file whose seal fitted.

    Attributes:
        lock: What its lock wrote about itself.
        generation: Grows by one with each change.
        test_keys: Whether published keys are taken.
        slots: By name.
    """

    lock: Mapping[str, str]
    generation: int
    test_keys: bool
    slots: Mapping[str, Slot]


def seal_slot(kek: bytes, name: str, slot: Slot, clear: bytes) -> Slot:
    """Return *slot* with *clear* sealed in it, bound to everything else it says."""
    return replace(slot, sealed=seal_box(kek, clear, context=_slot_context(name, slot)).hex())


def open_slot(kek: bytes, name: str, slot: Slot) -> bytes:
    """Return what was sealed.

    Raises:
        InvalidKeyError: Not with this key, under this name, or with these attributes.
    """
    try:
        return open_box(kek, bytes.fromhex(slot.sealed), context=_slot_context(name, slot))
    except ValueError:  # InvalidKeyError is one, too
        raise InvalidKeyError(CHANGED) from None


def _slot_context(name: str, slot: Slot) -> bytes:
    said = [slot.purpose, slot.algorithm, slot.kcv, slot.counter, dict(slot.detail)]
    return _canonical(["posrefund key slot", VERSION, name, *said])


def dump(kek: bytes, document: Document) -> bytes:
    """Return the file's bytes, sealed as a whole."""
    data: dict[str, Any] = {
        "version": VERSION,
        "generation": document.generation,
        "test_keys": document.test_keys,
        "lock": dict(document.lock),
        "slots": {name: asdict(slot) for name, slot in document.slots.items()},
    }
    data["seal"] = seal_box(kek, b"", context=_file_context(data)).hex()
    return json.dumps(data, indent=1).encode("ascii") + b"\n"


def parse(content: bytes, name: str) -> dict[str, Any]:
    """Return the JSON of a key file of version 1 or 2: nothing of it is proven yet.

    Raises:
        ConfigError: It is no key file.
    """
    refusal = ConfigError(f"{name} is no key file of version 1 or {VERSION}")
    try:
        data = json.loads(content.decode("ascii"))
    except (ValueError, RecursionError):
        raise refusal from None
    if not isinstance(data, dict) or type(data.get("version")) is not int:
        raise refusal
    if data["version"] not in (1, VERSION):
        raise refusal
    if data["version"] == VERSION and not _is_lock(data.get("lock")):
        raise refusal
    return data


def _is_lock(lock: object) -> bool:
    return isinstance(lock, dict) and all(isinstance(value, str) for value in lock.values())


def verify(kek: bytes, data: Mapping[str, Any]) -> Document:
    """Return the document, its seal checked before anything in it is looked at.

    Raises:
        InvalidKeyError: The seal does not fit: another key, or a changed file.
    """
    said = {name: value for name, value in data.items() if name != "seal"}
    try:
        box = bytes.fromhex(data["seal"])
        open_box(kek, box, context=_file_context(said))
        slots = {name: _slot(each) for name, each in data["slots"].items()}
        generation, test_keys = data["generation"], data["test_keys"]
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        raise InvalidKeyError(CHANGED) from None
    if not _is_count(generation) or not isinstance(test_keys, bool):
        raise InvalidKeyError(CHANGED)
    return Document(dict(data["lock"]), generation, test_keys, slots)


def _slot(data: dict[str, Any]) -> Slot:
    slot = Slot(**data)
    texts = (slot.purpose, slot.algorithm, slot.kcv, slot.sealed, *slot.detail.values())
    if not _is_count(slot.counter) or not all(isinstance(text, str) for text in texts):
        raise TypeError
    return slot


def _is_count(number: object) -> bool:
    return type(number) is int and 0 < number <= GENERATION_MAX


def _file_context(data: Mapping[str, Any]) -> bytes:
    return _canonical(["posrefund key file", data])


def _canonical(data: object) -> bytes:
    """One spelling for one meaning; the order in a file and its spaces mean nothing."""
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode("ascii")
