"""What a dialect file says of requests in the header, and of signatures that go up. Floor 3."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from posrefund.dialects.file.settings import texts
from posrefund.dialects.host_requests import HOST_REQUESTS
from posrefund.dialects.signature import SLIP_FACTS, BeforeClose, SignatureUpload
from posrefund.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.dialects.file.reader import Table

__all__ = ["host_requests", "signature_data", "signature_upload"]

_DIGIT = re.compile("[1-9A-F]")
_TAG = re.compile("[0-9A-F]{4}")
_NUMBER = "[0-9]{3}"
_NUMBER_WORDS = "three digits"


def host_requests(table: Table, base: Mapping[str, str]) -> dict[str, str]:
    """Return what each digit of the header asks for; *table* is the whole file's."""
    found = table.words("host_requests", dict(base))
    inner = table.table("host_requests")
    for digit, word in found.items():
        if not _DIGIT.fullmatch(digit):
            inner.fault(digit, "a hexadecimal digit in capitals, not 0")
        elif word not in HOST_REQUESTS:
            inner.fault(digit, f"one of {', '.join(HOST_REQUESTS)}")
    return found


def signature_upload(table: Table, base: SignatureUpload) -> SignatureUpload:
    """Return how signatures go up, ``[signature]``."""
    table.only(
        ("single", "numbered", "last", "packet_bytes", "before_close", "tags", "packed"),
    )
    tags = table.words("tags", dict(base.tags))
    for tag, fact in tags.items():
        if not _TAG.fullmatch(tag):
            table.table("tags").fault(tag, "a tag of four hexadecimal digits in capitals")
        elif fact not in SLIP_FACTS:
            table.table("tags").fault(tag, f"one of {', '.join(SLIP_FACTS)}")
    packed = texts(table, "packed", base.packed)
    if not set(packed) <= tags.keys():
        table.fault("packed", "tags that stand in tags")
    numbered = texts(table, "numbered", base.numbered)
    if not all(re.fullmatch(_NUMBER, each) for each in numbered):
        table.fault("numbered", f"a list of {_NUMBER_WORDS} each")
    close = table.choice("before_close", get_args(BeforeClose), base.before_close)
    try:
        return SignatureUpload(
            table.text("single", base.single, like=_NUMBER, what=_NUMBER_WORDS),
            tuple(numbered),
            table.text("last", base.last, like=_NUMBER, what=_NUMBER_WORDS),
            table.whole("packet_bytes", base.packet_bytes, least=1, most=999),
            "refuse" if close == "refuse" else "remind",
            MappingProxyType(tags),
            tuple(packed),
        )
    except ConfigError as error:
        table.fault("numbered", str(error).removeprefix("signature: "))
        return base


def _left_out(rule: SignatureUpload) -> list[str]:
    """Tags that a file without a base would have, and *rule* has not."""
    return [tag for tag in SignatureUpload().tags if tag not in rule.tags]


def signature_data(rule: SignatureUpload) -> dict[str, Any]:
    """Return *rule* as the table of a dialect file."""
    if rule == SignatureUpload():
        return {}
    names = ("single", "last", "packet_bytes", "before_close")
    return {
        **{name: getattr(rule, name) for name in names},
        "numbered": list(rule.numbered),
        "packed": list(rule.packed),
        "tags": {**dict.fromkeys(_left_out(rule), False), **rule.tags},
    }
