"""The page about the door: its commands work as they are written, and its tables are those of the program."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.lines import SECRETS, Counter, served
from posrefund.gateway import ROLES
from posrefund.gateway.errands import ERRANDS
from posrefund.gateway.faults import CODES
from posrefund.gateway.money import MONEY
from posrefund.gateway.rights import RIGHTS

if TYPE_CHECKING:
    from shop import Shop

PAGE = (Path(__file__).parents[2] / "docs/howto/door.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|json)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def shown_in(shown: Any, found: Any) -> bool:
    """Whether everything that the page shows is what came."""
    if isinstance(shown, dict):
        return all(name in found and shown_in(value, found[name]) for name, value in shown.items())
    return bool(shown == found)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands are curl's")
def test_the_commands_of_the_page_work_as_they_are_written(shop: Shop) -> None:
    answers: list[str] = []

    def type_in(command: str, port: int) -> str:
        mine = command.replace("127.0.0.1:8080", f"127.0.0.1:{port}")
        env = {
            "PATH": "/usr/bin:/bin:/usr/local/bin",
            "DOOR": f"http://127.0.0.1:{port}/v1/terminals/12345678",
            "TOKEN": SECRETS["till"],
            "NO_PROXY": "*",
        }
        done = subprocess.run(
            ["sh", "-e", "-c", mine], env=env, capture_output=True, text=True, check=True
        )
        return done.stdout

    async def day() -> None:
        async with Counter(shop) as counter, served(counter) as port:
            for kind, block in BLOCKS[1:]:
                if kind == "sh":
                    answers.append(await asyncio.to_thread(type_in, block, port))
                else:
                    assert shown_in(json.loads(block), json.loads(answers[-1])), answers[-1]

    asyncio.run(day())
    assert len(answers) == 8
    assert "顾客存根" in answers[-2] or "持卡人存根" in answers[-2]
    assert answers[-1].count("event: attempt") == 9
    assert shop.booked("refund") == [1_000]


def test_every_status_and_code_of_the_door_is_on_the_page() -> None:
    rows = dict(re.findall(r"^\| ([0-9]{3}) \| (.*)$", PAGE, re.MULTILINE))

    for code, (status, _, _) in CODES.items():
        assert f"`{code}`" in rows[str(status)], code
    assert {*rows} == {str(status) for status, _, _ in CODES.values()} | {"200", "202"}


def test_the_table_of_what_the_host_wants_is_the_programs() -> None:
    said = set(re.findall(r"`[A-Z]+ …(/[^`]*)`", PAGE.partition("## Ask the host")[2]))
    shown = {re.sub("/(ID|NAME)(?=/)", "/{}", path) for path in said}
    known = {
        re.sub(r"{\w+}", "{}", each.path.removeprefix("/v1/terminals/{terminal}"))
        for each in (*ERRANDS, *MONEY)
        if each in ERRANDS or each.path.endswith("/inquire")
    }

    assert known <= shown


def test_the_table_of_roles_is_the_programs() -> None:
    head = re.search(r"^\| \| sell (.*)\|$", PAGE, re.MULTILINE)
    assert head is not None
    assert ["sell", *head[1].strip("| ").split(" | ")] == list(RIGHTS)
    for role, rights in ROLES.items():
        row = re.search(rf"^\| {role} \|(.*)\|$", PAGE, re.MULTILINE)
        assert row is not None
        marks = [cell.strip() == "✓" for cell in row[1].split("|")]
        assert marks == [right in rights for right in RIGHTS]
