"""``posrefund sign-in``: fetch working keys, batch and clock. Floor 11."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posrefund.cli.config import ConfigOption, load, open_terminal
from posrefund.cli.screen import JSONOption, Lang, LangOption, print_json, stdout
from posrefund.engine.sign_in import span_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.terminal import SignedIn

__all__ = ["sign_in"]


def sign_in(
    config: ConfigOption = Path("posrefund.toml"),
    operator: Annotated[str, typer.Option(help="Operator number.")] = "01",
    accept_clock: Annotated[
        bool, typer.Option("--accept-clock", help="Take the host's clock, however far from ours.")
    ] = False,
    accept_keys: Annotated[
        bool, typer.Option("--accept-keys", help="Take keys that an earlier sign-in had.")
    ] = False,
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Sign in at the host (0800, network code 003), and say what jumped.

    A clock beyond the dialect's tolerance and keys of an earlier sign-in are refused (exit status 3) unless
    somebody accepts them: the answer carries no MAC.
    """
    with open_terminal(load(config)) as terminal:
        tolerance_s = terminal.dialect.clock_tolerance_s
        done = terminal.sign_in(operator, accept_clock=accept_clock, accept_keys=accept_keys)
    if as_json:
        print_json(_as_data(done, tolerance_s))
        return
    changed = " (the host's)" if done.batch_changed else ""
    zh_changed = "（主机指定）" if done.batch_changed else ""
    told = (
        f"已签到：批次 {done.batch}{zh_changed}，密钥 {done.key_set_id}",
        f"signed in: batch {done.batch}{changed}, keys {done.key_set_id}",
    )
    for zh, en in (told, *_to_look_at(done, tolerance_s)):
        stdout.print(zh if lang is Lang.ZH else en, markup=False)


def _as_data(done: SignedIn, tolerance_s: int) -> dict[str, Any]:
    jump = done.clock_jump
    return {
        "batch": done.batch,
        "batch_changed": done.batch_changed,
        "batch_jump": done.batch_jump,
        "key_set_id": done.key_set_id,
        "keys": done.issue,
        "host_offset_s": done.host_offset.total_seconds(),
        "clock_jump_s": jump.total_seconds() if jump is not None else None,
        "to_look_at": [{"zh": zh, "en": en} for zh, en in _to_look_at(done, tolerance_s)],
    }


def _to_look_at(done: SignedIn, tolerance_s: int) -> Iterator[tuple[str, str]]:
    """What people should know of, in both languages; nothing on an ordinary day."""
    if done.batch_jump is not None:
        jump = f"{done.batch_jump:+d}"
        yield f"批次号跳变 {jump}：{_JUMP_ZH}", f"the batch jumped by {jump}: {_JUMP_EN}"
    moved = done.clock_jump is not None and _is_over(done.clock_jump, _NOTABLE_S)
    if moved or _is_over(done.host_offset, tolerance_s):
        zh, en = span_in_words(done.host_offset)
        yield f"主机时钟{zh}", f"the host's clock is {en}"
    if moved:
        zh, en = span_in_words(done.host_offset - (done.clock_jump or timedelta(0)))
        yield f"上次签到时{zh}", f"at the last sign-in it was {en}"
    if done.issue != "new":
        zh, en = _ISSUES[done.issue]
        yield zh, en


_JUMP_ZH = "应答没有 MAC，不能证明什么；不是主机所为请联系收单机构；当日消费可能日切后才能退"
_JUMP_EN = (
    "the answer has no MAC and proves nothing; if the host did not do it, call the acquirer;"
    " sales of today may have to wait for the cut-off"
)
_ISSUES = {
    "same": (
        "主机没有更换密钥：有的主机如此；也可能是旧应答重放",
        "the host did not change the keys: some do not; an old answer sent again looks the same",
    ),
    "earlier": (
        "密钥是以前签到用过的：已按确认接受",
        "the keys are those of an earlier sign-in: taken, as somebody accepted them",
    ),
}


_NOTABLE_S = 60
"""Two clocks do not part by more from one day to the next."""


def _is_over(span: timedelta, limit_s: int) -> bool:
    return abs(span.total_seconds()) > limit_s
