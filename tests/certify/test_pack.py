"""The evidence: masked, scanned, whole, in both languages; and refused where card data would be in it."""

from __future__ import annotations

import hashlib
import html
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from certify.bed import CARDS, TMK, bed
from posrefund.certify import CASES, Certification, evidence
from posrefund.certify.pack import results_data
from posrefund.codec import Node
from posrefund.dialects.file import load_dialect
from posrefund.errors import InvalidRequestError
from posrefund.office import find_card_data


@pytest.fixture(scope="module")
def passed() -> Certification:
    with bed() as found:
        return found.run(switches=True)


@pytest.fixture(scope="module")
def failed() -> Certification:
    with bed("unionpay", "number_changed", "reversal_not_booked") as found:
        return found.run()


CLOSING = {
    "settle_empty",
    "settle_balanced",
    "settle_unbalanced",
    "upload_again",
    "upload_mac",
    "terminal",
}
"""The cases that close a batch, and the one that ends with it."""


@pytest.fixture(scope="module")
def passed_files(passed: Certification) -> dict[str, bytes]:
    return evidence(passed)


@pytest.fixture(scope="module")
def failed_files(failed: Certification) -> dict[str, bytes]:
    return evidence(failed)


class Page(HTMLParser):
    """Open and closed tags, and the targets of links."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("href", "src") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_pack_has_its_files_and_their_digests(passed_files: dict[str, bytes]) -> None:
    files = passed_files

    assert set(files) == {
        "report.html",
        "results.json",
        "trace.txt",
        "profile.toml",
        "found.toml",
        "SHA256SUMS",
    }
    for line in files["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(files[name]).hexdigest() == digest
    assert load_dialect(files["profile.toml"].decode()).name == "unionpay"


def test_no_file_of_it_holds_a_card_number_a_key_or_what_looks_like_one(
    passed_files: dict[str, bytes], failed_files: dict[str, bytes]
) -> None:
    for files in (passed_files, failed_files):
        for name, data in files.items():
            text = data.decode()
            if name != "profile.toml":  # its words for DE53 look like one
                assert find_card_data(text) == []
            assert not [card for card in CARDS if card.pan.reveal() in text]
            assert TMK not in text.upper()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iso87-ascii", "iso87-binary", "iso93-ascii", "iso93-binary"])
def test_other_dialects_have_their_evidence_too(name: str) -> None:
    with bed(name) as found:
        run = found.run()

    files = evidence(run)
    assert load_dialect(files["profile.toml"].decode()).name == name
    assert run.failed_checks == frozenset()
    assert {result.name for result in run.results if result.verdict != "passed"} == CLOSING
    assert run.verdict == "incomplete"
    page = html.unescape(files["report.html"].decode())
    absent = page.partition("Not in this profile</span></h2>")[2].partition("</section>")[0]
    for result in run.results:
        if result.name in CLOSING:
            assert result.verdict == "absent"
            assert result.title_zh in absent
            assert result.title_en in absent
            assert "not in this profile: message " in result.why_en
            assert "本参数中没有：报文 " in result.why_zh
            assert result.why_en in absent
            assert result.why_zh in absent


def test_the_trace_shows_every_message_masked(
    passed: Certification, passed_files: dict[str, bytes]
) -> None:
    trace = passed_files["trace.txt"].decode()

    assert trace.count("\n#") + 1 == len(passed.steps)
    assert "620000******0005" in trace
    assert re.search(r"DE62 +\*\*\*", trace)
    assert re.search(r"DE64 +[0-9A-F]{8}  \(MAC", trace)
    assert "its answer was thrown away on our side, as if lost" in trace


def test_the_page_is_well_formed_and_stands_alone(
    passed_files: dict[str, bytes], failed_files: dict[str, bytes]
) -> None:
    for files in (passed_files, failed_files):
        text = files["report.html"].decode()
        page = Page(text)

        assert page.open == []
        assert len(page.ids) == len(set(page.ids))
        assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
        assert "script" not in page.tags
        assert not re.search(r"https?://", text)


def test_the_page_says_all_of_it_in_both_languages(failed_files: dict[str, bytes]) -> None:
    text = html.unescape(failed_files["report.html"].decode())

    for case in CASES:
        assert {case.title_zh, case.title_en, case.wants_zh, case.wants_en} <= set(
            re.findall(r'lang="(?:zh-CN|en)">([^<]*)<', text)
        )
    assert "the reversal was confirmed, and the host's totals still have what it reversed" in text
    assert "冲正已应答成功，但结算总额中仍有被冲正的交易" in text
    assert text.count('class="zh"') == text.count('class="en"')


def test_pre_authorisation_is_named_as_not_there_and_not_left_out(
    passed: Certification, passed_files: dict[str, bytes]
) -> None:
    files = passed_files
    page = html.unescape(files["report.html"].decode())

    assert "none of posrefund's has them" in page
    assert "均无预授权报文" in page
    (only,) = json.loads(files["results.json"])["not_in_profile"]
    assert only["what"]["en"].startswith("pre-authorisation")
    assert passed.verdict == "passed"


@pytest.mark.parametrize(
    ("language", "checked"), [("zh", 'id="zh" checked'), ("en", 'id="en" checked')]
)
def test_the_page_opens_in_the_language_that_was_asked_for(
    passed: Certification, passed_files: dict[str, bytes], language: str, checked: str
) -> None:
    files = passed_files if language == "zh" else evidence(passed, "en")
    assert checked in files["report.html"].decode()


def test_the_results_are_data_that_say_the_same(
    failed: Certification, failed_files: dict[str, bytes]
) -> None:
    data = json.loads(failed_files["results.json"])

    assert data == json.loads(json.dumps(results_data(failed)))
    assert data["verdict"] == "failed"
    found = {
        f"{case['case']}/{each['check']}"
        for case in data["cases"]
        for each in case["findings"]
        if not each["met"]
    }
    assert found == failed.failed_checks
    assert len(data["messages"]) == len(failed.steps)


def test_what_a_host_says_is_text_on_the_page(passed: Certification) -> None:
    node = Node("DE63", "x", "x", "<script>alert(1)</script>", None)
    bad = replace(passed, steps=(replace(passed.steps[0], received=(node,)),))

    text = evidence(bad)["report.html"].decode()

    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_card_data_that_a_host_slipped_in_means_no_evidence(passed: Certification) -> None:
    node = Node("DE44", "x", "x", "6205500000000000004", None)
    bad = replace(passed, steps=(replace(passed.steps[0], received=(node,)),))

    with pytest.raises(InvalidRequestError) as refused:
        evidence(bad)

    assert "trace.txt at character" in str(refused.value)
    assert "6205500000000000004" not in str(refused.value)
