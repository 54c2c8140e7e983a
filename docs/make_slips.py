"""Draw ``_static/slip.zh.png`` and ``_static/slip.en.png``: the slips of one refund, as ``posrefund slip --format png`` makes them.

A font decides every pixel, so two machines draw two pictures. What stands on them is the program's, and is kept inside the
picture as text; a test compares that.
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from math import pi, sin
from pathlib import Path
from typing import Any

from posrefund import Amount, Approved, dialect
from posrefund.engine import Original, Signature, State, outcome_of
from posrefund.engine.attempt import Attempt
from posrefund.office.signatures import draw
from posrefund.office.slips import SlipContent, SlipOptions, as_png, as_text, slip_content

DOCS = Path(__file__).resolve().parent
PICTURES = {"zh": DOCS / "_static" / "slip.zh.png", "en": DOCS / "_static" / "slip.en.png"}
FONTS = {
    "zh": Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    "en": Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
}
TEXT = "slip"
"""Name of the text inside the picture."""

_SALE = Original(
    original_id="S-20260309-17",
    terminal="12345678",
    merchant="123456789012345",
    batch="000007",
    stan="000042",
    rrn="606810000042",
    transaction_date=date(2026, 3, 9),
    settlement_date=date(2026, 3, 9),
    amount=Amount(12_800),
    auth_code="654321",
    card_fingerprint="",
)
_REFUND = Attempt(
    request_id="R-1",
    number=1,
    kind="refund",
    state=State.ACCEPTED,
    hold="accepted",
    terminal="12345678",
    merchant="123456789012345",
    batch="000008",
    stan="000003",
    amount=Amount(2_800),
    fields={},
    key_set_id="",
    created_at=datetime(2026, 3, 10, 2, 0, tzinfo=UTC),
    host_day=date(2026, 3, 10),
    card_masked="620000******0005",
    card_fingerprint="",
    original_id="S-20260309-17",
    copies=1,
    facts={
        "operator": "01",
        "approved_by": "02",
        "entry": "071",
        "why": "defect",
        "order_ref": "WEB-0815",
        "documents": "fapiao 01234567; red_letter_fapiao 76543210",
        "rrn": "606910000003",
        "host_date": "0310",
        "host_time": "100000",
        "institutions": "01020000   48020000   ",
    },
)
_SAID: dict[str, dict[str, Any]] = {
    "zh": {
        "merchant_name": "南京路百货",
        "institutions": {"01020000": "工商银行", "48020000": "银联商务"},
    },
    "en": {
        "copy": "customer",
        "merchant_name": "Nanjing Road Store",
        "institutions": {"01020000": "ICBC", "48020000": "UMS"},
    },
}


def content(lang: Any) -> SlipContent:
    """Return what stands on the slip: the merchant's, signed, in Chinese; the customer's in English."""
    outcome = outcome_of(_REFUND, dialect("unionpay"))
    assert isinstance(outcome, Approved)
    said = _SAID[lang] | {
        "language": lang,
        "expected_by": date(2026, 3, 13),
        "merchant_contact": "021-55551234",
    }
    if lang == "zh":
        drawn = draw(_scribble(), 300, 90)
        said |= {"picture": drawn, "signature": Signature.of("bitmap", drawn)}
    return slip_content(outcome, dialect("unionpay"), _SALE, SlipOptions(**said))


def _scribble() -> list[list[tuple[int, int]]]:
    """Nobody's signature."""
    waves = [
        (x, round(45 + (130 - x / 2) / 4 * sin(x / 13) * sin(pi * x / 260)))
        for x in range(20, 240, 2)
    ]
    tail = [(x, round(72 - x / 12)) for x in range(60, 290, 10)]
    return [waves, tail]


def picture(lang: str) -> bytes:
    """Return the PNG, in few greys, its words inside it."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    made = content(lang)
    drawn = Image.open(io.BytesIO(as_png(made, font=FONTS[lang])))
    said = PngInfo()
    said.add_itxt(TEXT, as_text(made))
    file = io.BytesIO()
    drawn.quantize(16).save(file, "PNG", pnginfo=said, optimize=True)
    return file.getvalue()


def main() -> None:
    """Write both pictures."""
    for lang, path in PICTURES.items():
        path.write_bytes(picture(lang))


if __name__ == "__main__":
    main()
