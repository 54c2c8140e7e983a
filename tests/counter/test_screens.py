"""The pictures of the pages show what the counter shows."""

from __future__ import annotations

import html
import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
LINKS = ("http://www.w3.org", "https://www.textual")


def words(svg: str) -> str:
    return "".join(html.unescape(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", svg))


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_pictures_of_the_counter_are_those_that_it_draws(lang: str) -> None:
    spec = importlib.util.spec_from_file_location("make_screens", DOCS / "make_screens.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    drawn = script.screens(lang)
    assert tuple(drawn) == ("menu", "sale", "amount", "check", "slip", "doubt")
    for name, svg in drawn.items():
        kept = script.path_of(name, lang).read_text(encoding="utf-8")
        assert words(svg) == words(kept), "run: python docs/make_screens.py"
        for link in LINKS:
            kept = kept.replace(link, "")
        assert "http" not in kept
