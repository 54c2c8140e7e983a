"""Write the parts of the documents that the code knows best; ``--check`` only compares.

A page holds ``<!-- generated: NAME -->`` … ``<!-- end -->``; what stands between is made here from
the code. ``states.dot`` is made from the state table, and ``states.svg`` from it where Graphviz is
installed. A test compares all of it, so that a page cannot fall behind.
"""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import typer
from typer.models import ArgumentInfo

from posrefund import errors
from posrefund.cli.app import app
from posrefund.codec import BERTLV, Layout, Tagged
from posrefund.dialects import Dialect, MessageTable, dialect, names
from posrefund.dialects.codes import ResponseCode
from posrefund.dialects.message import FACTS, PIN_MESSAGES
from posrefund.engine.exceptions import EXCEPTIONS
from posrefund.engine.refusals import REFUSALS
from posrefund.engine.table import OPEN_STATES, TABLE, Event, State
from posrefund.errors import PosRefundError

DOCS = Path(__file__).resolve().parent
STATES_DOT = DOCS / "reference" / "states.dot"
STATES_SVG = DOCS / "reference" / "states.svg"
_BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)
_PLACE = re.compile(r"\{[a-z_]+\}")
"""Of a hint: what only the moment knows stands there."""
_PRESENCE = {"": "M", "C": "C", "A": "A"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


# --- errors and refusals ---------------------------------------------------------------------


def _subclasses(parent: type[PosRefundError], depth: int = 0) -> Iterator[tuple[int, Any]]:
    yield depth, parent
    ours = [each for each in parent.__subclasses__() if each.__module__ == errors.__name__]
    for child in sorted(ours, key=lambda each: errors.__all__.index(each.__name__)):
        yield from _subclasses(child, depth + 1)


def error_tree() -> str:
    """The drawing in the docstring of ``posrefund.errors``; a test holds it against the classes."""
    drawing = (errors.__doc__ or "").partition("::\n")[2]
    lines = [line.removeprefix("    ") for line in drawing.strip("\n").splitlines()]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def error_table() -> str:
    """Every class with the answers it gives without its text."""
    return table(
        ["error", "`effect`", "`retry_is_safe`", "meaning"],
        (
            (
                f"`{kind.__name__}`",
                _effect(kind),
                _may_retry(kind),
                (kind.__doc__ or "").strip().splitlines()[0],
            )
            for _, kind in _subclasses(PosRefundError)
        ),
    )


def _effect(kind: type[PosRefundError]) -> str:
    return "as it says" if kind is errors.LinkClosedError else f"`{kind.effect}`"


def _may_retry(kind: type[PosRefundError]) -> str:
    if kind is errors.LinkClosedError:
        return "if nothing was sent"
    return "yes" if kind.retry_is_safe else "no"


def refusals() -> str:
    """Every reason a rule can give."""
    return table(
        ["code", "who can mend it", "what the clerk does"],
        (
            (f"`{code}`", owner, _PLACE.sub("…", f"{en}<br>{zh}"))
            for code, (owner, zh, en) in REFUSALS.items()
        ),
    )


def exceptions() -> str:
    """Every category that a reconciliation can give."""
    return table(
        ["category", "means", "owner", "who lacks money", "severity", "next step"],
        (
            (
                f"`{name}`",
                f"{rule.meaning_en}<br>{rule.meaning_zh}",
                rule.owner,
                rule.loser,
                rule.severity,
                f"{rule.next_en}<br>{rule.next_zh}",
            )
            for name, rule in EXCEPTIONS.items()
        ),
    )


# --- states ----------------------------------------------------------------------------------


def states_dot() -> str:
    """The state table as a Graphviz graph."""
    lines = [
        "// Made by docs/generate.py from posrefund.engine.table; do not edit.",
        "digraph states {",
        '  graph [rankdir=TB, ranksep=0.45, nodesep=0.35, bgcolor="white"];',
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];',
        '  node [fillcolor="#f5f7fa", color="#5b6b7b"];',
        '  edge [fontname="Helvetica", fontsize=9, color="#5b6b7b", fontcolor="#33475b"];',
    ]
    lines += [f"  {state}{_look(state)};" for state in State]
    edges: dict[tuple[State, State], list[Event]] = {}
    for (state, event), after in TABLE.items():
        edges.setdefault((state, after), []).append(event)
    lines += [
        f'  {before} -> {after} [label="{", ".join(events)}"];'
        for (before, after), events in edges.items()
    ]
    return "\n".join([*lines, "}", ""])


def _look(state: State) -> str:
    if state in OPEN_STATES:
        return ' [fillcolor="#fff3d6", color="#b7791f"]'
    if state in (State.ACCEPTED, State.CONFIRMED):
        return ' [fillcolor="#def7e5", color="#2f855a"]'
    return ""


def state_table() -> str:
    """Every step there is."""
    rows = []
    for state in State:
        steps = [
            f"{event} → `{after}`" for (before, event), after in TABLE.items() if before == state
        ]
        rows.append(
            (f"`{state}`", "yes" if state in OPEN_STATES else "", "<br>".join(steps) or "—")
        )
    return table(["state", "open", "steps"], rows)


# --- dialects --------------------------------------------------------------------------------


def _yes(*, fact: bool) -> str:
    return "yes" if fact else ""


def fields() -> str:
    """The field table of UnionPay."""
    return _fields(dialect("unionpay"), None)


def derived_fields() -> str:
    """What the other dialects have that UnionPay has not, or has otherwise."""
    base = dialect("unionpay")
    parts = []
    for name in names():
        other = dialect(name)
        if other is not base and other.messages is base.messages:
            parts.append(f"### `{name}`\n\n{_fields(other, base)}")
    return "\n".join(parts)


def _fields(known: Dialect, base: Dialect | None) -> str:
    rows = []
    for number, row in sorted(known.fields.items(), key=lambda item: int(item[0])):
        if base is not None and base.fields.get(number) == row:
            continue
        rows.append(
            (f"DE{number}", row.zh, row.en, f"`{row.format}`", row.show, _inside(row.layout))
        )
    return table(["field", "名称", "name", "format", "shown", "what stands inside"], rows)


def _inside(layout: object) -> str:
    if isinstance(layout, Layout):
        return " · ".join(f"{part.name} {part.width}" for part in layout.parts)
    if isinstance(layout, Tagged):
        tags = " · ".join(f"{tag.name} {tag.en} ({tag.show})" for tag in layout.tags)
        return f"tag {layout.tag_width}, length {layout.length_width}: {tags}"
    if isinstance(layout, BERTLV):
        return f"BER-TLV; shown: {' '.join(sorted(layout.tags))}"
    return "a bitmap and subfields" if layout else ""


def messages() -> str:
    """One table for each message of UnionPay."""
    return _messages(dialect("unionpay").messages.values())


def aggregator() -> str:
    """What the aggregator has that UnionPay has not, or has otherwise: fields, messages, wallets."""
    known, base = dialect("aggregator"), dialect("unionpay")
    own = [each for each in known.messages.values() if each is not base.messages.get(each.name)]
    wallets = table(
        ["wallet", "DE44"], ((f"`{name}`", said) for name, said in known.words["wallet"].items())
    )
    return f"{_fields(known, base)}\n{wallets}\n{_messages(own)}"


def _messages(known: Iterable[MessageTable]) -> str:
    """One table for each message: request and answer."""
    parts = []
    for message in known:
        facts = [f"MTI {message.mti} → {message.mti_reply}"]
        facts += ["a doubt is reversed"] if message.doubt == "reverse" else []
        facts += [f"PIN `{message.pin}`"] if message.name in PIN_MESSAGES else []
        sides = table(
            ["", "fields"],
            [
                ("request", _presence(message.request)),
                ("holds", _contents(message)),
                ("answer", _presence(message.response)),
            ],
        )
        parts.append(
            f"### `{message.name}` — {message.en}, {message.zh}\n\n{' · '.join(facts)}\n\n{sides}"
        )
    return "\n".join(parts)


def facts() -> str:
    """What the engine has for each message that it sends."""
    return table(
        ["message", "facts"],
        (
            (f"`{name}`", " ".join(f"`{fact}`" for fact in sorted(found)))
            for name, found in FACTS.items()
        ),
    )


def _contents(message: MessageTable) -> str:
    rows = sorted(message.templates.items(), key=lambda item: int(item[0]))
    return " · ".join(f"{number} `{template}`" for number, template in rows)


def _presence(text: str) -> str:
    found = []
    for entry in text.split():
        number, rule = (entry[:-1], entry[-1]) if entry[-1].isalpha() else (entry, "")
        found.append((int(number), _PRESENCE[rule]))
    return " · ".join(f"{number} {rule}" for number, rule in sorted(found))


def codes() -> str:
    """Every response code with what it says about money and what the clerk does."""
    return table(
        ["code", "what it says", "money", "new attempt", "what the clerk does"],
        (
            (
                f"`{row.code}`",
                f"{row.en}<br>{row.zh}",
                row.money.replace("_", " "),
                ("after a sign-in" if row.sign_in_first else "yes") if row.may_retry else "",
                _what_to_do(row),
            )
            for row in sorted(dialect("unionpay").codes.values(), key=lambda each: each.code)
        ),
    )


def _what_to_do(row: ResponseCode) -> str:
    zh, en = row.clerk(is_by_code=True)
    by_code = "" if zh == row.clerk_zh else f"<br>*Where a code paid:* {en}<br>{zh}"
    return f"{row.clerk_en}<br>{row.clerk_zh}{by_code}"


# --- command line ----------------------------------------------------------------------------


def commands() -> dict[str, Callable[..., None]]:
    """Every command by its full name, with the function that carries it out."""
    return dict(_commands("", app))


def _commands(prefix: str, group: typer.Typer) -> Iterator[tuple[str, Callable[..., None]]]:
    for info in group.registered_commands:
        assert info.callback is not None
        yield f"{prefix}{info.name or info.callback.__name__}", info.callback
    for each in group.registered_groups:
        assert each.typer_instance is not None
        yield from _commands(f"{prefix}{each.name} ", each.typer_instance)


def command_line() -> str:
    """Help of every command, from the functions themselves: no release of typer changes it."""
    parts = []
    for name, function in commands().items():
        parameters = _parameters(function)
        usage = " ".join([name, *(each[0] for each in parameters if not each[0].startswith("-"))])
        doc = inspect.getdoc(function) or ""
        text = "\n\n".join(" ".join(part.split()) for part in doc.split("\n\n"))
        given = table(["", "meaning", "default"], [(f"`{a}`", b, c) for a, b, c in parameters])
        parts.append(f"### `posrefund {usage}`\n\n{text}\n\n{given}")
    return "\n".join(parts)


def _parameters(function: Callable[..., None]) -> list[tuple[str, str, str]]:
    """Arguments, then what is required, then the rest: name, meaning, default."""
    hints = get_type_hints(function, include_extras=True)
    rows = []
    for name, parameter in inspect.signature(function).parameters.items():
        kind, info = get_args(hints[name])[:2]
        is_argument = isinstance(info, ArgumentInfo)
        given = (info.default, *(info.param_decls or ()))  # a name may stand in either
        declared = [each for each in given if isinstance(each, str) and each.startswith("--")]
        shown = name.upper() if is_argument else (declared or [f"--{name.replace('_', '-')}"])[0]
        choices = list(kind) if isinstance(kind, type) and issubclass(kind, Enum) else []
        one_of = (
            f" One of {', '.join(f'`{choice.value}`' for choice in choices)}." if choices else ""
        )
        required = parameter.default is inspect.Parameter.empty
        default = "required" if required else _default(parameter.default)
        rows.append((not is_argument, not required, (shown, f"{info.help or ''}{one_of}", default)))
    return [row for _, _, row in sorted(rows, key=lambda each: each[:2])]


def _default(value: object) -> str:
    plain = value.value if isinstance(value, Enum) else value
    return "" if plain in (None, False) else f"`{plain}`"


# --- writing ---------------------------------------------------------------------------------

MAKERS: dict[str, Callable[[], str]] = {
    "error-tree": error_tree,
    "error-table": error_table,
    "refusals": refusals,
    "exceptions": exceptions,
    "states": state_table,
    "fields": fields,
    "derived-fields": derived_fields,
    "aggregator": aggregator,
    "facts": facts,
    "messages": messages,
    "codes": codes,
    "command-line": command_line,
}


def fresh_pages() -> dict[Path, str]:
    """Return each page that has generated parts, as it should be."""
    pages = {}
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if _BLOCK.search(text):
            pages[path] = _BLOCK.sub(lambda m: f"{m[1]}\n{MAKERS[m[2]]()}\n{m[4]}", text)
    return pages | {STATES_DOT: states_dot()}


def stale_pages() -> list[Path]:
    """Return the pages that are not what the code says."""
    return [
        path
        for path, text in fresh_pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> None:
    """Write what is stale, or with ``--check`` only name it."""
    stale = stale_pages()
    if "--check" in sys.argv:
        sys.exit("\n".join(f"stale: {path}" for path in stale) or 0)
    pages = fresh_pages()
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")
        print(f"written: {path.relative_to(DOCS)}")  # noqa: T201 — a script
    if STATES_DOT in stale or not STATES_SVG.exists():
        _draw()


def _draw() -> None:
    program = shutil.which("dot")
    if program is None:
        sys.exit("states.dot has changed: install Graphviz and run this again to draw states.svg")
    subprocess.run(  # noqa: S603 — Graphviz on our own file
        [program, "-Tsvg", str(STATES_DOT), "-o", str(STATES_SVG)], check=True
    )


if __name__ == "__main__":
    main()
