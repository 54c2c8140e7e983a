"""``posrefund retention``: destroy what need not be kept any longer. Floor 11."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from posrefund.cli.config import ConfigOption, load, open_journal, open_keystore
from posrefund.cli.screen import JSONOption, Lang, LangOption, print_json, stdout
from posrefund.office import apply_retention, records_until

__all__ = ["retention"]


def retention(
    config: ConfigOption = Path("posrefund.toml"),
    as_json: JSONOption = False,
    lang: LangOption = Lang.EN,
) -> None:
    """Destroy sealed cards of closed batches, and contacts older than [retention] says; made for a timer to call.

    What is undecided or under a legal hold keeps its contact. Records of refunds are never deleted.

    Exit status: 0 done, 2 an error.
    """
    settings, now = load(config), datetime.now(UTC)
    with open_journal(settings, open_keystore(settings).journal_key) as journal:
        done = apply_retention(journal, settings.retention, now=now)
    until = records_until(now.date(), settings.rules)
    if as_json:
        print_json(
            {
                "cards": done.cards,
                "contacts": done.contacts,
                "held": list(done.held),
                "contacts_days": settings.retention.contacts_days,
                "records_until": until.isoformat() if until else None,
            }
        )
        return
    is_zh = lang is Lang.ZH
    stdout.print(
        f"已销毁：封存卡号 {done.cards}，联系方式 {done.contacts}；依法保留 {len(done.held)}"
        if is_zh
        else f"destroyed: {done.cards} sealed cards, {done.contacts} contacts; held by law: {len(done.held)}"
    )
    if until is not None:
        stdout.print(
            f"今日记录须保存至 {until}" if is_zh else f"records of today: kept until {until}"
        )
