"""Management: sign-in, echo, sign-off. Floor 10."""

from __future__ import annotations

from dataclasses import replace

from posrefund.certify.bench import Bench
from posrefund.certify.cases.definition import Case
from posrefund.certify.moves import need_approval, need_refusal, sell, sign_in
from posrefund.engine.compose import compose_echo, compose_sign_off

__all__ = ["ECHO", "SIGN_IN", "SIGN_OFF"]


def _sign_in(bench: Bench) -> None:
    heard = sign_in(bench)
    zh, en = "签到未成功", "there was no sign-in"
    bench.need(is_there=heard.is_done, zh=zh, en=en)


def _echo(bench: Bench) -> None:
    bench.need_message("echo")
    heard = bench.ask("echo", compose_echo(bench.view, bench.now))
    need_approval(bench, heard, "回响测试", "the echo test")


def _sign_off(bench: Bench) -> None:
    bench.need_message("sign_off", "sale")
    bench.need_keys()
    heard = bench.ask("sign_off", compose_sign_off(bench.view, bench.now))
    need_approval(bench, heard, "签退", "the sign-off")
    bench.view = replace(bench.view, is_signed_off=True)
    heard, _ = sell(bench, bench.books.suspect_minor())
    need_refusal(bench, heard, "signed_off.refused", "签退后的消费", "a sale after the sign-off")


SIGN_IN = Case(
    "sign_in",
    "签到",
    "Sign-in",
    "主机应答成功，下发密钥的校验值全部正确，给出批次号和主机时间",
    "The host answers, every key that it hands out has its check value, and batch and clock are told.",
    _sign_in,
)
ECHO = Case("echo", "回响测试", "Echo test", "主机应答", "The host answers.", _echo)
SIGN_OFF = Case(
    "sign_off",
    "签退",
    "Sign-off",
    "签退成功；之后未签到的交易被拒绝",
    "The terminal is signed off, and what it asks for without a new sign-in is refused.",
    _sign_off,
)
