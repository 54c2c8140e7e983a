"""Where customers can be reached: sealed beside the chain, wiped when it is time, in no row and no error."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from engine.builders import NOW, refund_request
from journal.backends import Backend
from journal.builders import KEY, know, move, opening
from posrefund.engine import Event
from posrefund.errors import InvalidKeyError, InvalidRequestError, JournalError

if TYPE_CHECKING:
    from posrefund.journal import Journal

PHONE = "+86 138 0013 8000"
MONTH = timedelta(days=30)
AFTER = NOW + MONTH


def refunded(journal: Journal, name: str, stan: str, *, contact: str = PHONE) -> None:
    """A refund that is accepted, and told."""
    journal.commit([know("S-1"), opening(name, stan, contact=contact)])
    journal.commit(move(f"{name}/1", Event.SEND, Event.ACCEPT))
    for notice in journal.notices(name):
        journal.put_off(notice, None)


def test_contact_is_kept_sealed_and_in_no_row(journal: Journal, backend: Backend) -> None:
    refunded(journal, "R-1", "000001")

    assert journal.contact("R-1") == PHONE
    assert journal.contact("R-2") == ""
    everything = "\n".join(backend.dump()) + "".join(row.body for row in journal.rows())
    for spelling in (PHONE, "8000", PHONE.encode().hex(), PHONE.encode().hex().upper()):
        assert spelling not in everything
    assert PHONE not in repr(opening("R-1", "000001", contact=PHONE))


def test_no_contact_makes_no_row(journal: Journal, backend: Backend) -> None:
    before = len(backend.dump())
    refunded(journal, "R-1", "000001", contact="")
    rows = [line for line in backend.dump() if "contacts" in line and "INSERT" in line]

    assert (len(backend.dump()) > before, rows, journal.contact("R-1")) == (True, [], "")


def test_later_attempt_says_it_anew(journal: Journal) -> None:
    journal.commit([know("S-1"), opening("R-1", "000001", contact=PHONE)])
    journal.commit(move("R-1/1", Event.FAIL))
    journal.commit([opening("R-1", "000002", number=2)])
    assert journal.contact("R-1") == PHONE
    journal.commit(move("R-1/2", Event.FAIL))
    journal.commit([opening("R-1", "000003", number=3, contact="li@shop.example")])

    assert journal.contact("R-1") == "li@shop.example"


def test_wipe_leaves_the_chain_as_it_was_signed(journal: Journal, backend: Backend) -> None:
    refunded(journal, "R-1", "000001")
    before = journal.rows()

    assert journal.wipe_contacts(AFTER, older_than=MONTH) == 1
    assert journal.contact("R-1") == ""
    assert journal.rows()[:-1] == before
    assert (journal.rows()[-1].kind, journal.rows()[-1].facts) == ("contacts_wiped", {"count": "1"})
    assert journal.verify() == len(before) + 1
    assert journal.wipe_contacts(AFTER, older_than=MONTH) == 0
    assert len(journal.rows()) == len(before) + 1


def test_wipe_keeps_what_is_young_open_untold_or_held(journal: Journal) -> None:
    for number, name in enumerate(("R-old", "R-held", "R-untold", "R-open"), start=1):
        journal.commit([know(f"S-{name}", stan=f"9{number:05d}")])
        stan = f"{number:06d}"
        journal.commit([opening(name, stan, original_id=f"S-{name}", contact=PHONE)])
    for name in ("R-old", "R-held", "R-untold"):
        journal.commit(move(f"{name}/1", Event.SEND, Event.ACCEPT))
    for notice in (*journal.notices("R-old"), *journal.notices("R-held")):
        journal.put_off(notice, None)

    early = AFTER - timedelta(microseconds=1)
    assert journal.wipe_contacts(early, older_than=MONTH) == 0
    assert journal.wipe_contacts(AFTER, older_than=MONTH, keep={"R-held"}) == 1
    kept = {name: bool(journal.contact(name)) for name in ("R-old", "R-held", "R-untold", "R-open")}
    assert kept == {"R-old": False, "R-held": True, "R-untold": True, "R-open": True}


def test_many_are_wiped_at_once(journal: Journal) -> None:
    journal.commit([know("S-1", 1_000_000)])
    for number in range(1, 12):
        journal.commit([opening(f"R-{number}", f"{number:06d}", 1, contact=PHONE)])
        journal.commit(move(f"R-{number}/1", Event.FAIL))

    assert journal.wipe_contacts(NOW, older_than=timedelta(0)) == 11


def test_contact_moves_to_the_new_key(journal: Journal, backend: Backend) -> None:
    refunded(journal, "R-1", "000001")
    journal.rotate_key(KEY[::-1], NOW)
    assert journal.contact("R-1") == PHONE
    journal.close()
    with backend.open(key=KEY[::-1]) as again:
        assert again.contact("R-1") == PHONE
        again.verify()


def test_changed_box_does_not_open(journal: Journal, backend: Backend) -> None:
    refunded(journal, "R-1", "000001")
    refunded(journal, "R-2", "000002", contact="other@shop.example")
    backend.execute(
        "UPDATE contacts SET box = (SELECT box FROM contacts WHERE request_id = 'R-2')"
        " WHERE request_id = 'R-1'"
    )
    with pytest.raises(InvalidKeyError) as caught:
        journal.contact("R-1")

    assert "example" not in str(caught.value)


def test_commit_that_fails_keeps_no_contact(journal: Journal) -> None:
    with pytest.raises(JournalError):
        journal.commit([know("S-1", 1), opening("R-1", "000001", contact=PHONE)])

    assert journal.contact("R-1") == ""


@pytest.mark.parametrize(
    "contact", ["+8613800138000", "+86 138-0013-8000", "13800138000", "li@shop.example", ""]
)
def test_request_takes_what_a_customer_says(contact: str) -> None:
    request = refund_request(contact=contact)

    assert request.contact == contact
    assert not contact or contact not in repr(request)


@pytest.mark.parametrize("contact", ["6200000000000005", "+6200000000000005", "a\nb", "x" * 201])
def test_request_takes_no_card_number_for_a_contact(contact: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        refund_request(contact=contact)

    assert contact not in str(caught.value)
