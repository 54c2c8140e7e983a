"""Whose answer is it? An answer finds its attempt, however late and on whichever line it comes. Floor 4.

The key is MTI class, terminal and STAN, and because numbers come round again, what the answer repeats of its
request (batch, amount, merchant, card as far as its mask shows) and the host's date. One attempt has to fit in
all of it; of an answer that fits none the nearest one says which field differs. It proves nothing yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from posrefund.engine.interpret import Stranger, echo_fault, reply_mti, stranger_to
from posrefund.errors import InvalidRequestError
from posrefund.values import infer_year
from posrefund.values.card import mask_pan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from posrefund.dialects import Dialect, MessageTable
    from posrefund.engine.attempt import Attempt

__all__ = ["Owner", "correlate", "has_number_of", "is_answer_to", "key_of"]

_DAYS = timedelta(days=2)
"""The host's date of a transaction is that of its sending, give or take midnight and two clocks."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose answer it is.

    Attributes:
        attempt: The one attempt that it fits.
        is_reversal: Whether it answers the reversal and not the attempt itself.
    """

    attempt: Attempt
    is_reversal: bool


def is_answer_to(attempt: Attempt, fields: Mapping[str, str], dialect: Dialect) -> bool:
    """Say whether *fields* answer *attempt* itself, all that they repeat of it being equal."""
    return has_number_of(attempt, fields, dialect) and not echo_fault(
        attempt, fields, dialect.echoed
    )


def has_number_of(attempt: Attempt, fields: Mapping[str, str], dialect: Dialect) -> bool:
    """Say whether *fields* have the MTI, STAN and terminal of an answer to *attempt*."""
    mti = reply_mti(dialect.messages[attempt.kind], fields)
    return stranger_to(mti, attempt.stan, attempt.terminal, fields) is None


def correlate(
    fields: Mapping[str, str], candidates: Iterable[Attempt], dialect: Dialect
) -> Owner | Stranger:
    """Return whose answer it is, or how it differs from the nearest of *candidates*.

    Args:
        fields: What came.
        candidates: This terminal's attempts with that STAN, and the one that is listened for.
        dialect: What it is written in.
    """
    owners: list[Owner] = []
    nearest, most = Stranger("DE11", "", fields.get("11", "")), -1
    for attempt in candidates:
        owner = Owner(attempt, _is_reversal_reply(attempt, fields, dialect))
        compared = list(_comparisons(owner, fields, dialect))
        differing = next(((at, each) for at, each in enumerate(compared) if each is not None), None)
        if differing is None:
            owners.append(owner)
        elif differing[0] > most:
            most, nearest = differing
    if len(owners) == 1:
        return owners[0]
    if owners:  # nothing in it tells them apart
        names = " ".join(owner.attempt.attempt_id for owner in owners)
        return Stranger("key", "one attempt", f"{len(owners)} attempts", names)
    return nearest


def key_of(attempt: Attempt, dialect: Dialect, *, is_reversal: bool = False) -> dict[str, str]:
    """Return what an answer to *attempt* has to say, by the names that a kept answer has for it."""
    table = dialect.messages["reversal" if is_reversal else attempt.kind]
    echoed = {
        f"DE{name}": attempt.fields[name][:width]
        for name, width in dialect.echoed.items()
        if name in attempt.fields
    }
    date = dialect.answers.get("host_date", "").partition("[")[0]
    return {
        "mti": " or ".join(table.mti_replies),
        "DE41": attempt.terminal,
        "DE11": attempt.stan,
        **({f"DE{date}": f"{attempt.host_day:%m%d}"} if date else {}),
        **echoed,
    }


def _is_reversal_reply(attempt: Attempt, fields: Mapping[str, str], dialect: Dialect) -> bool:
    known = dialect.messages
    is_one = "reversal" in known and fields.get("t") in known["reversal"].mti_replies
    return is_one and known[attempt.kind].doubt == "reverse"


def _comparisons(
    owner: Owner, fields: Mapping[str, str], dialect: Dialect
) -> Iterator[Stranger | None]:
    """Compare field by field, the most telling first; each gives None or what differs."""
    attempt, name = owner.attempt, owner.attempt.attempt_id
    table = dialect.messages["reversal" if owner.is_reversal else attempt.kind]
    told = {
        "MTI": ("t", reply_mti(table, fields)),
        "DE41": ("41", attempt.terminal),
        "DE11": ("11", attempt.stan),
    }
    for path, (number, expected) in told.items():
        seen = fields.get(number, "")
        yield None if seen == expected else Stranger(path, expected, seen, name)
    yield _date_differs(attempt, fields, dialect)
    yield from _echo_differs(owner, table, fields, dialect)


def _date_differs(attempt: Attempt, fields: Mapping[str, str], dialect: Dialect) -> Stranger | None:
    """A number comes round again in another year; where the host says the year, it counts."""
    said, year = dialect.fact("host_date", fields), dialect.fact("host_year", fields)
    if said is None:
        return None
    latest = attempt.host_day + _DAYS
    try:
        day = infer_year(said, not_after=latest)
        is_near = latest - day <= 2 * _DAYS and year in (None, f"{day:%y}")
    except InvalidRequestError:
        is_near = False
    path = dialect.answers["host_date"].partition("[")[0]
    expected, seen = f"{attempt.host_day:%m%d}", said
    if year is not None:
        expected, seen = f"{attempt.host_day:%y%m%d}", f"{year}{said}"
    return None if is_near else Stranger(f"DE{path}", expected, seen, attempt.attempt_id)


def _echo_differs(
    owner: Owner, table: MessageTable, fields: Mapping[str, str], dialect: Dialect
) -> Iterator[Stranger | None]:
    attempt = owner.attempt
    for number, width in dialect.echoed.items():
        if number in fields and (not owner.is_reversal or table.copies(number)):
            expected, seen = attempt.fields.get(number, "")[:width], fields[number][:width]
            said = "***" if number == "42" else seen  # of somebody else it could be a card number
            same = seen == expected
            yield None if same else Stranger(f"DE{number}", expected, said, attempt.attempt_id)
    if "2" in fields and not attempt.is_by_code:
        masked = mask_pan(fields["2"])
        same = masked == attempt.card_masked
        yield None if same else Stranger("DE2", attempt.card_masked, masked, attempt.attempt_id)
