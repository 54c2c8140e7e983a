"""``posrefund train --browser``: the counter of the training shop in a browser, on this machine only. Floor 11.

One till token is made for as long as it runs. It is kept in memory, and stands behind the ``#`` of the address, which
no browser sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.cli.config import load
from posrefund.cli.screen import Lang, stdout
from posrefund.cli.serve_settings import ServeSettings, TerminalPlan

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["serve_counter"]


def serve_counter(config: Path, port: int, lang: Lang) -> None:
    """Serve the counter of the terminal of *config* until Ctrl-C or SIGTERM; what is out then is waited for.

    Raises:
        ConfigError: The port cannot be used, or the settings cannot be read.
    """
    from posrefund.cli.serve_loop import serve_until_stopped
    from posrefund.gateway import Token, Tokens, digest_of, new_token

    plan = TerminalPlan(load(config))
    terminal, secret = str(plan.settings.terminal), new_token()
    token = Token("browser", "till", digest_of(secret), terminals=(terminal,))

    def started(url: str) -> None:
        where = f"{url}/counter#terminal={terminal}&token={secret}&lang={lang.value}"
        is_zh = lang is Lang.ZH
        stdout.print("在浏览器里打开：" if is_zh else "Open it in a browser:")
        stdout.print(f"  {where}", markup=False, highlight=False, soft_wrap=True)
        stdout.print("按 Ctrl-C 结束" if is_zh else "Ctrl-C ends it")

    tokens = config.parent / "tokens.toml"
    settings = ServeSettings((plan,), tokens, port=port, phone_url=None)
    serve_until_stopped(settings, tokens=Tokens([token]), started=started)
    stdout.print("结束" if lang is Lang.ZH else "stopped")
