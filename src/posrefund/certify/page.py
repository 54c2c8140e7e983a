"""The evidence as one page: no script, no network, no other file; Chinese and English, chosen on the page. Floor 10.

Every text that comes from a host or a profile is escaped. The language is chosen by two radio buttons and a style sheet.
"""

from __future__ import annotations

from html import escape
from importlib.resources import files
from statistics import median
from typing import TYPE_CHECKING, Literal

from posrefund import __version__
from posrefund.certify.absent import absences
from posrefund.certify.page_trace import trace_rows
from posrefund.certify.said import CONFIDENCE, VERDICTS, span
from posrefund.dialects.file import profile_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posrefund.certify.finding import CaseResult, Finding
    from posrefund.certify.run import Certification
    from posrefund.certify.switches import Switch

__all__ = ["as_html"]


def as_html(run: Certification, language: Literal["zh", "en"] = "zh") -> str:
    """Return the page.

    Args:
        run: What it is about.
        language: The one that is shown first.
    """
    css = files("posrefund.certify").joinpath("page.css").read_text(encoding="utf-8")
    drawn = (_head, _tiles, _deviations, _cases, _absences, _switches, _trace)
    body = "\n".join(part for draw in drawn if (part := draw(run)))
    lang = {"zh": "zh-CN", "en": "en"}[language]
    checked = {name: " checked" if name == language else "" for name in ("zh", "en")}
    return f"""<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>posrefund certify · {escape(run.dialect.name)} · {run.began:%Y-%m-%d}</title>
<style>{css}</style>
</head>
<body>
<input type="radio" name="lang" id="zh"{checked["zh"]}/><input type="radio" name="lang" id="en"{checked["en"]}/>
<div class="page">
<nav><label for="zh">中文</label><label for="en">English</label></nav>
{body}
<footer>{_footer(run)}</footer>
</div>
</body>
</html>
"""


def _head(run: Certification) -> str:
    zh, en = VERDICTS[run.verdict]
    facts = (
        ("主机", "host", run.host),
        ("参数", "profile", f"{run.dialect.name} · {profile_digest(run.dialect)[:12]}"),
        ("终端", "terminal", run.terminal),
        ("商户", "merchant", run.merchant),
        ("时间", "time", f"{run.began:%Y-%m-%d %H:%M %Z}"),
    )
    rows = "".join(
        f"<div><dt>{span(a, b)}</dt><dd>{escape(value)}</dd></div>" for a, b, value in facts
    )
    return f"""<header>
<div class="title"><h1>{span("收单机构认证测试报告", "Acquirer certification report")}</h1>
<dl>{rows}</dl></div>
<div class="stamp {run.verdict}">{span(zh, en)}</div>
</header>"""


def _tiles(run: Certification) -> str:
    findings = [found for result in run.results for found in result.findings]
    met = sum(found.is_met for found in findings)
    times = [step.answer_ms for step in run.steps if step.answer_ms is not None]
    typical = f"{median(times):.0f}" if times and median(times) >= 1 else "< 1"
    tiles = (
        ("good", "通过的案例", "cases passed", str(run.count("passed")), f"/ {len(run.results)}"),
        ("bad" if run.count("failed") else "", "未通过", "failed", str(run.count("failed")), ""),
        (
            "warn" if run.count("skipped") else "",
            "未执行完",
            "not finished",
            str(run.count("skipped")),
            "",
        ),
        ("", "参数中没有", "not in this profile", str(run.count("absent")), ""),
        ("", "检查项符合", "expectations met", str(met), f"/ {len(findings)}"),
        ("", "报文", "messages", str(len(run.steps)), ""),
        ("", "应答时间中位数", "median answer", typical if times else "–", "ms" if times else ""),
    )
    return (
        '<section class="tiles">'
        + "".join(
            f'<div class="tile {mood}"><div class="what">{span(zh, en)}</div>'
            f'<div class="value">{value} <small>{beside}</small></div></div>'
            for mood, zh, en, value, beside in tiles
        )
        + "</section>"
    )


def _deviations(run: Certification) -> str:
    """Each kind of failure once, with the cases that it showed in."""
    kinds: dict[str, list[tuple[str, Finding]]] = {}
    for result in run.results:
        for found in result.failures:
            kinds.setdefault(found.check, []).append((result.name, found))
    if not kinds:
        return ""
    rows = []
    for check, places in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        first = places[0][1]
        cases = dict.fromkeys(name for name, _ in places)
        where = ", ".join(f'<a href="#{name}">{name}</a>' for name in cases)
        rows.append(
            f'<tr><td><code class="bad">{escape(check)}</code></td><td>{span(first.zh, first.en)}</td>'
            f'<td class="where">{where}</td></tr>'
        )
    head = (
        "<tr>"
        + "".join(
            f"<th>{span(zh, en)}</th>"
            for zh, en in (("检查项", "check"), ("偏差", "deviation"), ("案例", "cases"))
        )
        + "</tr>"
    )
    return (
        f'<section class="card bad"><h2>{span("偏差", "What deviates")}</h2>'
        f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></section>"
    )


def _cases(run: Certification) -> str:
    cards = "".join(_case(result, run) for result in run.results)
    return f'<section><h2>{span("案例", "Cases")}</h2><div class="cases">{cards}</div></section>'


def _case(result: CaseResult, run: Certification) -> str:
    zh, en = VERDICTS[result.verdict]
    met = sum(found.is_met for found in result.findings)
    steps = "".join(
        f'<a class="step{" odd" if _is_wrong(result, step.number) else ""}" href="#step-{step.number}">'
        f"{escape(step.mtis[0])}<i>{escape(step.code or '·')}</i></a>"
        for step in run.steps
        if step.case == result.name
    )
    why = f'<p class="why">{span(result.why_zh, result.why_en)}</p>' if result.why_en else ""
    failures = "".join(_line(found) for found in result.failures)
    others = "".join(_line(found) for found in result.findings if found.is_met)
    more = (
        f"<details><summary>{span('检查项', 'expectations')}</summary><ul>{others}</ul></details>"
        if others
        else ""
    )
    return f"""<article class="case {result.verdict}" id="{escape(result.name)}">
<div class="top"><span class="badge {result.verdict}">{span(zh, en)}</span><h3>{span(result.title_zh, result.title_en)}</h3><code>{escape(result.name)}</code><span class="count">{met}/{len(result.findings)}</span></div>
<p class="wants">{span(result.wants_zh, result.wants_en)}</p>{why}
<ul class="failures">{failures}</ul>
<div class="steps">{steps}</div>
{more}
</article>"""


def _is_wrong(result: CaseResult, number: int) -> bool:
    return any(found.step == number for found in result.failures)


def _line(found: Finding) -> str:
    mark = "✓" if found.is_met else "✗"
    at = f'<a href="#step-{found.step}">#{found.step}</a>' if found.step else ""
    kind = "good" if found.is_met else "bad"
    return (
        f'<li class="{kind}"><b>{mark}</b><code>{escape(found.check)}</code>'
        f"<span>{span(found.zh, found.en)}</span>{at}</li>"
    )


def _absences(run: Certification) -> str:
    rows = "".join(
        f"<tr><td>{span(each.zh, each.en)}</td><td>{span(each.why_zh, each.why_en)}</td></tr>"
        for each in absences(run)
    )
    title = span("本参数中没有的", "Not in this profile")
    return f'<section class="card absent"><h2>{title}</h2><table><tbody>{rows}</tbody></table></section>'


def _switches(run: Certification) -> str:
    if not run.switches:
        return ""
    rows = "".join(_switch(each) for each in run.switches)
    heads = (
        ("参数开关", "switch"),
        ("主机", "this host"),
        ("依据", "how sure"),
        ("所见", "seen"),
        ("与参数", "profile"),
    )
    head = "".join(f"<th>{span(zh, en)}</th>" for zh, en in heads)
    return (
        f'<section class="card switches"><h2>{span("参数开关", "The profile’s switches")}</h2>'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _switch(switch: Switch) -> str:
    seen = switch.seen
    zh, en = CONFIDENCE[switch.confidence]
    words = {
        True: ("一致", "agrees", "passed"),
        False: ("不同", "differs", "failed"),
        None: ("", "", ""),
    }
    word_zh, word_en, mood = words[seen.agrees]
    badge = f'<span class="badge {mood}">{span(word_zh, word_en)}</span>' if word_en else "–"
    return (
        f"<tr><td>{span(switch.title_zh, switch.title_en)}</td><td><code>{escape(seen.found or '?')}</code></td>"
        f'<td class="{switch.confidence}">{span(zh, en)}</td><td>{span(seen.said_zh, seen.said_en)}</td>'
        f"<td>{badge}</td></tr>"
    )


def _trace(run: Certification) -> str:
    title = span("报文", "Messages")
    note = span(
        "卡号、磁道、PIN、密钥均已屏蔽；点开查看各域。",
        "Card numbers, tracks, PINs and keys are masked. Open one for its fields.",
    )
    return (
        f'<section class="trace"><h2>{title}</h2><p class="note">{note}</p>'
        f"{''.join(_rows(run))}</section>"
    )


def _rows(run: Certification) -> Iterator[str]:
    return trace_rows(run.steps)


def _footer(run: Certification) -> str:
    took_s = (run.ended - run.began).total_seconds()
    return span(
        f"由 posrefund {__version__} 生成，用时 {took_s:.1f} 秒。",
        f"Made by posrefund {__version__} in {took_s:.1f} s.",
    )
