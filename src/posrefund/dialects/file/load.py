"""From the text of a dialect file to a dialect, or to every fault it has. Floor 3: takes text, opens nothing."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from posrefund.dialects.definition import Dialect
from posrefund.dialects.file.agree import check_agreement
from posrefund.dialects.file.inquiry import read_inquiry
from posrefund.dialects.file.keys import check_keys, sign_in_rule
from posrefund.dialects.file.lines import parse
from posrefund.dialects.file.reader import FileFault, Findings, Table
from posrefund.dialects.file.rows import ENCODINGS, check_rules, read_fields
from posrefund.dialects.file.settings import (
    clock,
    counts,
    encoding_of,
    kept,
    mac_rule,
    octets,
    policy,
    texts,
    timers,
    track_form,
    words,
    zone,
)
from posrefund.dialects.file.tables import read_codes, read_messages
from posrefund.dialects.file.uploads import host_requests, signature_upload
from posrefund.errors import DialectFileError

if TYPE_CHECKING:
    from posrefund.dialects.file.lines import Suffix

__all__ = ["KEYS", "Reading", "load_dialect", "read_dialect"]

KEYS = (
    "name", "base", "encoding", "mti_enc", "bitmap_enc", "tpdu", "header", "mac", "tracks", "sign_in", "cut_off", "zone",
    "clock_tolerance_s", "accept_pads", "kept", "reversed_codes", "managed_codes", "received_codes", "unread_codes", "host_requests", "signature", "slip_title", "inquiry", "timers", "policy", "constants", "words", "answers", "echoed",
    "fields", "messages", "codes",
)  # fmt: skip
"""What may stand at the top of a file."""

_DAY_S = 86_400
_EMPTY = Dialect("", {}, {}, {})
_NAME, _NAME_WORDS = "[a-z0-9][a-z0-9._-]{0,39}", "a name of small letters, digits, - and ."


class Reading(NamedTuple):
    """What came of a dialect file.

    Attributes:
        dialect: The dialect; None if there are faults.
        faults: What makes it none, in the order of the lines.
        warnings: What is legal and will surprise.
    """

    dialect: Dialect | None
    faults: tuple[FileFault, ...]
    warnings: tuple[FileFault, ...] = ()


def load_dialect(text: str, *, suffix: Suffix = "toml") -> Dialect:
    r"""Return the dialect that the text of a file describes.

    Args:
        text: Of a TOML or a JSON file; ``docs/howto/dialect.md`` says what stands in it.
        suffix: Which of the two.

    Raises:
        DialectFileError: With every fault, its line and its path.

    Example:
        >>> from posrefund.dialects.file import load_dialect
        >>> house = load_dialect('name = "my-bank"\nbase = "unionpay"\ntpdu = "6000060000"')
        >>> house.tpdu.hex(), house.messages["refund"].mti
        ('6000060000', '0220')
    """
    found = read_dialect(text, suffix=suffix)
    if found.dialect is None:
        raise DialectFileError(found.faults)
    return found.dialect


def read_dialect(text: str, *, suffix: Suffix = "toml") -> Reading:
    """Return the dialect with its warnings, or its faults; raises nothing."""
    try:
        data, lines = parse(text, suffix)
    except DialectFileError as error:
        return Reading(None, tuple(FileFault(*fault) for fault in error.faults))
    findings = Findings(lines)
    for path in lines.repeated:
        findings.fault(path, "a key once only")
    table = Table(data, (), findings)
    found = _dialect(table)
    check_rules(Table({}, ("fields",), findings), found.fields, found.encoding)
    check_agreement(found, findings)
    check_keys(found, findings)
    return Reading(None if findings.faults else found, findings.faults, findings.warnings)


def _dialect(table: Table) -> Dialect:
    from posrefund.dialects import (
        dialect,
        names,
    )  # the registry imports all of them, and only when asked

    known = {name: dialect(name) for name in names()}
    table.only(KEYS)
    base = known[table.choice("base", known)] if "base" in table else _EMPTY
    for key in ("encoding", "fields"):
        if "base" not in table and key not in table:
            table.fault(key, "a value, for there is no base")
    encoding = encoding_of(table, base.encoding)
    fields = read_fields(table.table("fields"), base.fields, encoding=encoding)
    return Dialect(
        table.needs("name", like=_NAME, what=_NAME_WORDS),
        MappingProxyType(fields),
        MappingProxyType(read_messages(table.table("messages"), base.messages)),
        MappingProxyType(read_codes(table.table("codes"), base.codes, known)),
        mac=mac_rule(table, base.mac),
        sign_in=sign_in_rule(table.table("sign_in"), base.sign_in),
        tracks=track_form(table, base.tracks),
        timers=timers(table.table("timers"), base.timers),
        policy=policy(table.table("policy"), base.policy),
        cut_off=clock(table, "cut_off", base.cut_off),
        zone=zone(table, "zone", base.zone),
        clock_tolerance_s=table.whole(
            "clock_tolerance_s", base.clock_tolerance_s, least=1, most=_DAY_S
        ),
        encoding=encoding,
        tpdu=octets(table, "tpdu", base.tpdu, 5),
        header=octets(table, "header", base.header, 6),
        constants=MappingProxyType(table.words("constants", dict(base.constants))),
        words=MappingProxyType(words(table.table("words"), base.words)),
        answers=MappingProxyType(table.words("answers", dict(base.answers))),
        echoed=MappingProxyType(counts(table.table("echoed"), base.echoed)),
        kept=kept(table, base.kept, fields),
        reversed_codes=frozenset(texts(table, "reversed_codes", base.reversed_codes)),
        managed_codes=frozenset(texts(table, "managed_codes", base.managed_codes)),
        received_codes=frozenset(texts(table, "received_codes", base.received_codes)),
        unread_codes=frozenset(texts(table, "unread_codes", base.unread_codes)),
        host_requests=MappingProxyType(host_requests(table, base.host_requests)),
        signature=signature_upload(table.table("signature"), base.signature),
        inquiry=read_inquiry(table, base.inquiry),
        slip_title=MappingProxyType(
            {**base.slip_title, **table.words("slip_title", dict(base.slip_title))}
        ),
        accept_pads=table.text(
            "accept_pads", base.accept_pads, like="[0-9A-F]*", what="digits and A to F"
        ),
        mti_enc=table.choice("mti_enc", ("", *ENCODINGS), base.mti_enc),
        bitmap_enc=table.choice("bitmap_enc", ("", *ENCODINGS), base.bitmap_enc),
    )
