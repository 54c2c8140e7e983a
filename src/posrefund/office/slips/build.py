"""A slip or a notice out of an outcome: what may be said, and on whose copy. Floor 8.

Only what the host accepted makes a slip, and it says *accepted*, nothing more, before a settlement file has shown the
money. Everything else makes a notice, which looks like none: no signature, no code, and a line that says so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from posrefund.engine import Approved, Declined, InDoubt, NotSent, Signature, receipt_code
from posrefund.engine.signing import signature_of
from posrefund.errors import InvalidRequestError
from posrefund.office.paper import printable
from posrefund.office.slips import rows
from posrefund.office.slips.content import Section, SignaturePlace, SlipContent, SlipLine
from posrefund.office.slips.options import SlipOptions
from posrefund.office.slips.words import WORDS

if TYPE_CHECKING:
    from posrefund.dialects import Dialect
    from posrefund.engine import Attempt, Original, Outcome

__all__ = ["slip_content"]

_NO_CODES = ("reversed", "released", "closed")
"""What ``Declined.code`` says of what was accepted, or may have been, and is not any more."""


def slip_content(
    outcome: Outcome,
    dialect: Dialect,
    original: Original | None = None,
    options: SlipOptions | None = None,
) -> SlipContent:
    """Return what the slip of *outcome* says, or the notice, where there is nothing to make a slip of.

    Args:
        outcome: How the request stands.
        dialect: Of its terminal.
        original: The sale that a void or a refund is about.
        options: For whom, and what the journal does not know.

    Raises:
        InvalidRequestError: Path ``signature``: the picture is not what was signed, or nothing was.

    Source:
        Fields as LIAO and PAX print them: entry letter beside the masked number, the original's reference and date on
        a refund, its voucher number on a void. Masks: PCI DSS v4.0.1, requirement 3.4.1.
    """
    options = options or SlipOptions()
    if isinstance(outcome, Approved):
        return _clean(_slip(outcome, dialect, original, options))
    return _clean(_notice(outcome, dialect, original, options))


def _slip(
    outcome: Approved, dialect: Dialect, original: Original | None, options: SlipOptions
) -> SlipContent:
    attempt, words = outcome.attempt, WORDS[options.language]
    status = outcome.text_zh if options.language == "zh" else outcome.text_en
    expected = f"{options.expected_by:%Y/%m/%d}" if options.expected_by else ""
    found = [
        rows.whose(attempt, options),
        rows.headline(attempt, dialect, options),
        [*rows.our_numbers(attempt), *rows.host_numbers(outcome), rows.host_time(attempt)],
        rows.original_rows(attempt, original),
        rows.what_for(attempt, options),
        [
            ("status", status),
            ("expected_by", "" if options.copy == "bank" else expected),
            *rows.whom_to_call(options),
        ],
    ]
    remarks = []
    if options.copy == "customer":
        waits = attempt.kind == "refund" and not outcome.confirmed
        remarks = [*([words["accepted"]] if waits else []), words["keep"]]
    return SlipContent(
        title=dialect.slip_title[options.language],
        copy=words[f"copy_{options.copy}"],
        sections=_sections(found, options),
        marks=_marks(options),
        remarks=tuple(remarks),
        signature=_signature(attempt, options),
        code=_code(attempt, options),
        is_barcode=options.is_barcode,
        watermark=options.watermark,
    )


def _notice(
    outcome: Declined | InDoubt | NotSent,
    dialect: Dialect,
    original: Original | None,
    options: SlipOptions,
) -> SlipContent:
    attempt, words = outcome.attempt, WORDS[options.language]
    result, told, advice = _told(outcome, options)
    found = [
        rows.whose(attempt, options),
        [*rows.headline(attempt, dialect, options), ("result", words[result])],
        [*rows.our_numbers(attempt), rows.our_time(attempt, dialect), *told],
        rows.original_rows(attempt, original),
        [*rows.what_for(attempt, options), *rows.whom_to_call(options)],
    ]
    return SlipContent(
        title=words["notice"],
        copy=words[f"copy_{options.copy}"],
        sections=_sections(found, options),
        marks=(*_marks(options), words["no_slip"]),
        remarks=(words[f"{result}_customer"] if options.copy == "customer" else advice,),
        watermark=options.watermark,
        is_notice=True,
    )


def _told(
    outcome: Declined | InDoubt | NotSent, options: SlipOptions
) -> tuple[str, list[rows.Row], str]:
    """The word of the result, what else is told of it, and what the clerk does now."""
    advice = outcome.clerk_zh if options.language == "zh" else outcome.clerk_en
    match outcome:
        case InDoubt():
            return "in_doubt", [], advice
        case NotSent():
            return "not_sent", [], advice
        case Declined():
            text = outcome.text_zh if options.language == "zh" else outcome.text_en
            if outcome.code in _NO_CODES:
                return "not_booked", [("why", text)], advice
            return "declined", [("code", outcome.code), ("why", text)], advice
        case _:
            assert_never(outcome)


def _sections(found: list[list[rows.Row]], options: SlipOptions) -> tuple[Section, ...]:
    """The sections that hold something; the second is what people look at first."""
    made = [rows.section(each, options, is_large=place == 1) for place, each in enumerate(found)]
    return tuple(each for each in made if each.lines)


def _marks(options: SlipOptions) -> tuple[str, ...]:
    return (WORDS[options.language]["reprint"],) if options.reprint else ()


def _code(attempt: Attempt, options: SlipOptions) -> str:
    if options.code is not None:
        return options.code
    try:
        return receipt_code(attempt)
    except InvalidRequestError:  # a host's date that is none
        return ""


def _signature(attempt: Attempt, options: SlipOptions) -> SignaturePlace | None:
    """The place to sign, on the copies that somebody keeps to prove it."""
    if options.copy == "customer":
        return None
    words = WORDS[options.language]
    given = options.signature or signature_of(attempt)
    if options.picture:
        (given or Signature("paper")).check(options.picture)
    return SignaturePlace(
        label=words["signature"],
        consent=words[f"consent_{attempt.kind}{'_by_code' if attempt.is_by_code else ''}"],
        given=words[f"signed_{given.kind}"] if given else "",
        digest=given.sha256 if given else "",
        picture=options.picture,
        scan="" if given else options.scan_to_sign,
        scan_label=words["scan"],
    )


def _clean(content: SlipContent) -> SlipContent:
    """The same in characters that can be printed, and no others: names and answers come from elsewhere."""
    sections = tuple(
        replace(
            each,
            lines=tuple(SlipLine(printable(row.label), printable(row.value)) for row in each.lines),
        )
        for each in content.sections
    )
    return replace(
        content,
        sections=sections,
        title=printable(content.title),
        watermark=printable(content.watermark),
    )
