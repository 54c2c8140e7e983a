"""The public face as a user's own code uses it; never run, only read by the type checker.

Each ``type: ignore`` below is a promise: the checker has to object exactly there, for
``warn_unused_ignores`` turns an objection that is no longer made into an error.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never, assert_type

from posrefund import (
    PAN,
    RRN,
    Amount,
    Approved,
    CardRead,
    Declined,
    FileKeyStore,
    InDoubt,
    Link,
    MerchantID,
    NotSent,
    OriginalRef,
    Outcome,
    PosRefundError,
    Reason,
    RefundRequest,
    RefusedError,
    SaleRequest,
    SQLiteJournal,
    TCPLink,
    Terminal,
    TerminalID,
    TLSLink,
    TLSSettings,
    Track2,
    dialect,
)
from posrefund.values import RequestID

SALE, REFUND = RequestID("S-1"), RequestID("R-1")


def host(address: str, port: int, ca: Path | None) -> Link:
    """Choose a line."""
    return TLSLink(address, port, TLSSettings(ca=ca)) if ca else TCPLink(address, port)


def open_terminal(passphrase: bytes) -> Terminal:
    """Put a terminal together."""
    keystore = FileKeyStore(Path("keys.json"), passphrase)
    terminal = TerminalID("12345678")
    link = host("127.0.0.1", 5000, Path("ca.pem"))
    return Terminal(
        terminal,
        MerchantID("123456789012345"),
        dialect=dialect("unionpay"),
        keystore=keystore,
        journal=SQLiteJournal("journal.db", key=keystore.journal_key, terminal=terminal),
        link=link,
        clock=lambda: datetime.now(UTC),
    )


def sell(terminal: Terminal, card: CardRead) -> Outcome:
    """Sell something."""
    return terminal.sale(SaleRequest(SALE, Amount(10_000, "156"), card))


def give_back(terminal: Terminal, card: CardRead) -> str:
    """Refund, and say what happened: four cases, and the checker knows that there is no fifth."""
    original = OriginalRef(RRN("606710000042"), "0308")
    request = RefundRequest(REFUND, original=original, card=card, reason=Reason.CUSTOMER)
    try:
        outcome = terminal.refund(request)
    except RefusedError as error:
        assert_type(error.not_before, datetime | None)
        return error.hint_zh
    except PosRefundError as error:
        return "may have moved" if error.effect == "in_doubt" else "nothing was sent"
    assert_type(outcome, Approved | Declined | InDoubt | NotSent)
    match outcome:
        case Approved(rrn=rrn, confirmed=confirmed):
            assert_type(confirmed, bool)
            return rrn
        case Declined():
            return outcome.clerk_zh
        case InDoubt(reason=reason):
            return reason
        case NotSent():
            return outcome.clerk_en
        case _:
            assert_never(outcome)


def forget_a_case(outcome: Outcome) -> str:
    """A case that is forgotten is found by the checker."""
    match outcome:  # type: ignore[exhaustive-match]  # reason: NotSent is missing on purpose
        case Approved():
            return "approved"
        case Declined():
            return "declined"
        case InDoubt():
            return "in doubt"
    return "?"


def the_bug_this_library_exists_to_prevent(terminal: Terminal, request: RefundRequest) -> None:
    """A receipt for whatever is true: the checker says that nothing after the ``if`` can run."""
    if terminal.refund(request):
        print("已退款")  # type: ignore[unreachable]  # reason: an outcome has no truth


def the_same_bug_turned_round(terminal: Terminal, request: RefundRequest) -> None:
    """The opposite question is no better."""
    if not terminal.refund(request):
        print("try again")  # type: ignore[unreachable]  # reason: an outcome has no truth


def ask_later(terminal: Terminal) -> None:
    """A request that nobody made has no outcome; a ``None`` must be told from the four first."""
    outcome = terminal.status("R-1")
    assert_type(outcome, Approved | Declined | InDoubt | NotSent | None)
    if outcome is not None:
        assert_type(outcome.attempt.copies, int)


def money_is_a_whole_number() -> None:
    """A float is no amount, and a number is no ``Amount``."""
    Amount(10.0)  # type: ignore[arg-type]  # reason: no float comes near money
    RefundRequest(
        REFUND,
        original=SALE,
        card=CardRead("051", PAN("6200000000000005")),
        reason=Reason.PRICE,
        amount=1_000,  # type: ignore[arg-type]  # reason: which currency?
    )


def card_is_read_in_a_known_way() -> None:
    """An entry mode that no reader has does not exist."""
    CardRead("031", PAN("6200000000000005"))  # type: ignore[arg-type]  # reason: 03 is a bar code
    CardRead("021", PAN("6200000000000005"), track2=Track2("6200000000000005D3012101"))
