"""The story of the demonstration, told in calls any shop would make. Floor 11.

Everything is real: another process is the host, every message crosses a TCP socket, one terminal
process is killed while it waits. Only the host's clock is moved.
"""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from posrefund.cli.books import compare, difference
from posrefund.cli.config import Settings, open_keystore, open_terminal
from posrefund.engine import Approved, InDoubt, Reason, RefundRequest, SaleRequest
from posrefund.errors import RefusedError
from posrefund.office import reconcile, slip
from posrefund.values import PAN, Amount, CardRead, RequestID

if TYPE_CHECKING:
    from posrefund.cli.demo_host import HostProcess
    from posrefund.cli.demo_pad import DemoPad
    from posrefund.cli.demo_screen import Screen
    from posrefund.engine import Outcome
    from posrefund.keystore import FileKeyStore
    from posrefund.terminal import Terminal

__all__ = ["Story"]

_ZONE = timezone(timedelta(hours=8))
_CARD = "6200000000000005"  # a public test number
_BOOKED_WITHIN_S = 15.0


class Story:
    """Plays the chapters, one after the other."""

    def __init__(
        self,
        settings: Settings,
        config: Path,
        host: HostProcess,
        screen: Screen,
        pad: DemoPad | None = None,
    ) -> None:
        self._settings = settings
        self._config = config
        self._host = host
        self._screen = screen
        self._day = datetime.now(_ZONE).date()
        self._pad = pad
        self._keystore: FileKeyStore  # of the terminal that is open
        self._card = CardRead("051", PAN(_CARD), expiry="3012", sequence_number="001")

    def play(self) -> int:
        """Play everything; return the difference of the two books in minor units."""
        with self._terminal() as terminal:
            self._sign_in(terminal)
            self._sales(terminal)
            self._next_day_refund(terminal)
            self._same_day(terminal)
        self._lost_answer()
        with self._terminal() as terminal:
            self._restart(terminal)
            self._settlement_file(terminal)
            return self._books(terminal)

    def _sign_in(self, terminal: Terminal) -> None:
        show = self._screen
        show.chapter("1  签到", "1  Sign-in")
        self._turn_to(terminal, day=0, hour=14, minute=5)
        show.verdict(
            "PIK、MAK 已用主密钥解密，校验值全部正确；批次号和时钟以主机为准",
            "PIK and MAK opened under the TMK, every check value right; batch and clock are the host's",
        )
        show.say(
            "主机时钟由演示拨动；与本机相差过大时要有人确认，演示每次都确认（accept_clock）",
            "the demo moves the host's clock; so far from ours somebody has to accept it, and the"
            " demo does each time (accept_clock)",
        )
        if self._pad is not None:
            self._pad.introduce()

    def _sales(self, terminal: Terminal) -> None:
        show = self._screen
        show.chapter("2  消费两笔，其中一笔在 23:30", "2  Two sales, one of them at 23:30")
        self._sell(terminal, "SALE-1", 12_800)
        self._refused(
            terminal,
            self._refund_request("REFUND-0", "SALE-1", 2_800),
            "当日部分退货",
            "a partial refund on the same day",
        )
        self._turn_to(terminal, day=0, hour=23, minute=30)
        self._sell(terminal, "SALE-2", 6_660)
        second = terminal.journal.originals("SALE-2")[0]
        show.say(
            f"23:00 主机日切：交易日期 {second.transaction_date:%m%d}，清算日期 {second.settlement_date:%m%d}",
            f"the host's day turned at 23:00: transaction date {second.transaction_date:%m%d},"
            f" settlement date {second.settlement_date:%m%d}",
        )

    def _next_day_refund(self, terminal: Terminal) -> None:
        show = self._screen
        show.chapter("3  隔日退货 ¥28.00", "3  The next day: a refund of ¥28.00")
        self._turn_to(terminal, day=1, hour=10, minute=0)
        request = self._refund_request("REFUND-1", "SALE-1", 2_800)
        self._approved(terminal, terminal.refund(request))
        before = show.sent_count
        again = terminal.refund(request)
        show.verdict(
            f"同一请求号再问一次：还是 {again!r}，发出报文 {show.sent_count - before} 条",
            f"the same request id again: still {again!r}, messages sent: {show.sent_count - before}",
        )
        self._refused(
            terminal,
            self._refund_request("REFUND-2", "SALE-1", 10_100),
            "超过可退余额 ¥100.00 的退货",
            "more than the ¥100.00 that are left",
        )

    def _same_day(self, terminal: Terminal) -> None:
        show = self._screen
        show.chapter("4  同一清算日：撤销，或者等", "4  Within the settlement day: a void, or wait")
        show.say(
            "SALE-2 的清算日期是今天，批次未结，本终端，全额：自动改为撤销",
            "SALE-2 settles today, its batch is open, this is its terminal, all of it: a void",
        )
        self._approved(terminal, terminal.refund(self._refund_request("REFUND-3", "SALE-2", None)))
        self._sell(terminal, "SALE-3", 4_500)
        batch = self._host.close_batch(self._settings.terminal)
        self._turn_to(terminal, day=1, hour=15, minute=0)
        show.say(
            f"主机已结批，新批次 {batch}", f"the host closed the batch; the new one is {batch}"
        )
        self._refused(
            terminal,
            self._refund_request("REFUND-4", "SALE-3", None),
            "批次已结、清算日未过的全额退货",
            "all of a sale whose batch is closed and whose day is not over",
        )
        self._turn_to(terminal, day=2, hour=10, minute=0)

    def _lost_answer(self) -> None:
        """Let another terminal process wait for an answer that never comes, and kill it."""
        show = self._screen
        show.chapter("5  应答丢失，终端断电", "5  The answer is lost, the terminal loses power")
        self._host.lose_next_answer(self._settings.dialect.messages["refund"].mti)
        command = [sys.executable, "-m", "posrefund", "refund", "REFUND-5", "--original", "SALE-3"]
        process = subprocess.Popen(  # noqa: S603 — ourselves, with our own words
            [*command, "--card", _CARD, "--config", str(self._config)], stdout=subprocess.DEVNULL
        )
        try:
            booked = self._wait_for_booking(process)
        finally:
            process.kill()
            process.wait()
        show.say(
            f"进程 {process.pid} 发出退货后被强制终止；主机{'已' if booked else '未'}记账，没有应答",
            f"process {process.pid} sent the refund and was killed; the host"
            f" {'booked it' if booked else 'did not book it'} and did not answer",
        )

    def _restart(self, terminal: Terminal) -> None:
        show = self._screen
        outcome = terminal.refund(self._refund_request("REFUND-5", "SALE-3", None))
        assert isinstance(outcome, InDoubt)
        show.verdict(
            f"重新开机：{outcome!r}，{outcome.clerk_zh}；没有再发",
            f"after the restart: {outcome!r}; {outcome.clerk_en}; nothing was sent again",
            good=False,
        )
        self._refused(
            terminal,
            self._refund_request("REFUND-6", "SALE-3", 100),
            "换一个请求号再退同一笔",
            "another request for the same sale",
        )

    def _settlement_file(self, terminal: Terminal) -> None:
        show = self._screen
        show.chapter("6  对账文件到了", "6  The settlement files arrive")
        for days in range(3):
            day = self._day + timedelta(days=days)
            path = self._config.parent / f"IND{day:%y%m%d}01ACOM"
            self._host.write_settlement_file(day, path)
            text = path.read_text(encoding="latin-1")
            result = reconcile(terminal.journal, text, file_day=day, now=datetime.now(UTC))
            words = ", ".join(f"{found.attempt_id} {found.category}" for found in result.findings)
            show.say(f"{path.name}: {words}", f"{path.name}: {words}")
        outcome = terminal.refund(self._refund_request("REFUND-5", "SALE-3", None))
        show.verdict(
            f"存疑的退货已由对账文件确认：{outcome!r}，没有第二次退货",
            f"the file resolved the doubt: {outcome!r}, and no second refund was made",
        )
        self._print_slip(terminal, outcome)

    def _books(self, terminal: Terminal) -> int:
        show = self._screen
        show.chapter("7  两本账", "7  The two books")
        rows = terminal.journal.verify()
        lines = compare(terminal.journal.attempts(), self._host.ledger())
        total = difference(lines)
        show.books(lines, total)
        show.verdict(
            f"日志 {rows} 行，逐行校验无误", f"the journal's {rows} rows verify, every link"
        )
        return total

    # --- small steps -------------------------------------------------------------------------

    def _terminal(self) -> Terminal:
        self._keystore = open_keystore(self._settings)
        return open_terminal(self._settings, tap=self._screen.message, keystore=self._keystore)

    def _card_for(self, kind: Literal["sale", "refund"], minor: int | None) -> CardRead:
        """The card in hand; where there is a PIN pad, as it reads it now, with a PIN."""
        if self._pad is None:
            return self._card
        return self._pad.read(kind, Amount(minor) if minor else None, self._keystore)

    def _turn_to(self, terminal: Terminal, *, day: int, hour: int, minute: int) -> None:
        """Move the host's clock; the terminal learns it as terminals do, by signing in."""
        date = self._day + timedelta(days=day)
        moment = datetime(date.year, date.month, date.day, hour, minute, tzinfo=_ZONE)
        self._host.set_clock(moment)
        self._screen.say(f"主机时间 {moment:%Y-%m-%d %H:%M}", f"host time {moment:%Y-%m-%d %H:%M}")
        terminal.sign_in(accept_clock=True)

    def _sell(self, terminal: Terminal, request_id: str, minor: int) -> None:
        card = self._card_for("sale", minor)
        request = SaleRequest(RequestID(request_id), Amount(minor), card)
        outcome = terminal.sale(request)
        assert isinstance(outcome, Approved)
        self._screen.verdict(f"消费已受理 {outcome!r}", f"sale accepted {outcome!r}")

    def _refund_request(self, request_id: str, sale: str, minor: int | None) -> RefundRequest:
        return RefundRequest(
            RequestID(request_id),
            original=RequestID(sale),
            card=self._card_for("refund", minor),
            reason=Reason.CUSTOMER,
            amount=Amount(minor) if minor else None,
        )

    def _approved(self, terminal: Terminal, outcome: Outcome) -> None:
        assert isinstance(outcome, Approved)
        self._screen.verdict(f"{outcome.text_zh} {outcome!r}", f"{outcome.text_en} {outcome!r}")
        self._print_slip(terminal, outcome)

    def _print_slip(self, terminal: Terminal, outcome: Outcome) -> None:
        assert isinstance(outcome, Approved)
        original = terminal.journal.originals(outcome.attempt.original_id or "")[0]
        text = slip(outcome, terminal.dialect, original=original, language=self._screen.lang)
        self._screen.slip(text)

    def _refused(self, terminal: Terminal, request: RefundRequest, zh: str, en: str) -> None:
        before = self._screen.sent_count
        try:
            terminal.refund(request)
        except RefusedError as refusal:
            when = f" {refusal.not_before:%Y-%m-%d %H:%M}" if refusal.not_before else ""
            sent = self._screen.sent_count - before
            self._screen.verdict(
                f"{zh}：拒绝（{refusal.code}{when}），{refusal.hint_zh}；发出报文 {sent} 条",
                f"{en}: refused ({refusal.code}{when}): {refusal.hint_en}; messages sent: {sent}",
            )
        else:
            raise AssertionError(f"{request.request_id} was not refused")

    def _wait_for_booking(self, process: subprocess.Popen[bytes]) -> bool:
        before = len(self._host.ledger())
        deadline = time.monotonic() + _BOOKED_WITHIN_S
        while time.monotonic() < deadline and process.poll() is None:
            if len(self._host.ledger()) > before:
                return True
            time.sleep(0.02)
        return False
