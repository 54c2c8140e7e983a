"""One table of words: both languages have all of it, nothing of it is unused, and what is used is in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import posrefund.counter
from posrefund.counter.words import WORDS, Words

FOLDER = Path(posrefund.counter.__file__).parent
CHINESE = re.compile("[一-鿿]")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(WORDS))
def test_word_is_there_in_both_languages_with_the_same_places(key: str) -> None:
    zh, en = WORDS[key]

    assert zh.strip()
    assert en.strip()
    assert places(zh) == places(en)


@pytest.mark.parametrize("key", sorted(set(WORDS) - {"menu_language"}))
def test_chinese_is_chinese_and_english_is_not(key: str) -> None:
    zh, en = WORDS[key]

    assert CHINESE.search(zh)
    assert not CHINESE.search(en)


def test_every_word_is_used_and_every_used_word_is_there() -> None:
    used = {
        node.value
        for path in FOLDER.glob("*.py")
        if path.name != "words.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    used |= {f"verdict_{verdict}" for verdict in ("ok", "warn", "block", "skipped")}

    assert sorted(set(WORDS) - used) == []


def test_places_are_filled_and_braces_that_somebody_typed_are_left_alone() -> None:
    assert Words("en")("call", contact="{x}") == "call: {x}"
