"""Every figure counted once more, in Python, over the attempts and rows that the journals hand out; no SQL.

Each function gives rows as the figure's query does, in any order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from posrefund.engine.table import OPEN_STATES, Event, State
from report.recount_care import complaints, feedback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from posrefund.engine import Approval, Attempt
    from posrefund.journal import Journal, Row
    from posrefund.office.report import Period

__all__ = ["RECOUNTS", "Books"]

BOOKED = {State.ACCEPTED, State.CONFIRMED}
DOUBTS = {State.IN_DOUBT, State.REVERSING, State.MANUAL}
FINAL = {
    State.ACCEPTED,
    State.DECLINED,
    State.NOT_SENT,
    State.REVERSED,
    State.RELEASED,
    State.CONFIRMED,
}
UNDECIDED = OPEN_STATES | {State.MISMATCHED, State.BOUNCED}

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Step:
    """One step of one attempt."""

    attempt: str
    at: datetime
    event: str
    before: str
    state: str
    facts: dict[str, Any]


class Books:
    """What the journals say, read by their own methods."""

    def __init__(self, journals: Iterable[Journal], period: Period) -> None:
        self.period, self.journals = period, list(journals)
        self.everything: list[Attempt] = []
        self.links: list[tuple[str, Row]] = []
        self.approvals: list[Approval] = []
        for journal in self.journals:
            terminal = journal.terminal_facts()["terminal"]
            self.everything += journal.attempts()
            self.links += [(terminal, row) for row in journal.rows()]
            self.approvals += journal.approvals()
        self.by_id = {attempt.attempt_id: attempt for attempt in self.everything}
        self.made = [a for a in self.everything if period.first <= a.host_day <= period.last]
        self.steps = list(self._steps())
        self.of_made = [s for s in self.steps if self.by_id[s.attempt] in self.made]

    def _steps(self) -> Iterator[Step]:
        before: dict[str, str] = {}
        for _, row in self.links:
            if row.kind not in ("open", "move"):
                continue
            body, at = row.facts, datetime.fromisoformat(row.at)
            if row.kind == "open":
                step = Step(row.subject, at, "intend", "", body["attempt"]["state"], {})
            else:
                was = before[row.subject]
                step = Step(row.subject, at, body["event"], was, body["state"], body["facts"])
            before[row.subject] = step.state
            yield step

    def host(self, moment: datetime) -> datetime:
        return moment.astimezone(self.period.zone)

    def within(self, moment: datetime) -> bool:
        return self.period.since <= moment < self.period.until


def _summed(items: Iterable[tuple[tuple[Any, ...], int]]) -> Rows:
    """Keys with how often they are there and what their amounts add up to."""
    counts: Counter[tuple[Any, ...]] = Counter()
    sums: Counter[tuple[Any, ...]] = Counter()
    for key, minor in items:
        counts[key] += 1
        sums[key] += minor
    return [(*key, counts[key], sums[key]) for key in counts]


def totals(books: Books) -> Rows:
    return _summed(((a.kind, a.state, a.amount.currency), a.amount.minor) for a in books.made)


def _doubtful_at(books: Books, moment: datetime) -> set[str]:
    """What was in doubt at *moment*: sent again from a doubt it still is."""
    found: set[str] = set()
    for step in books.steps:
        if step.at < moment:
            is_doubt = step.state in DOUBTS or (step.state == "SENT" and step.before == "IN_DOUBT")
            (found.add if is_doubt else found.discard)(step.attempt)
    return found


def doubts(books: Books) -> Rows:
    new: Counter[str] = Counter()
    resolved: Counter[str] = Counter()
    current: set[str] = set()
    for step in books.steps:
        is_doubt = step.state in DOUBTS or (step.state == "SENT" and step.before == "IN_DOUBT")
        if is_doubt != (step.attempt in current) and books.within(step.at):
            (new if is_doubt else resolved)[step.attempt] += 1
        (current.add if is_doubt else current.discard)(step.attempt)
    lines = {
        "opening": Counter(_doubtful_at(books, books.period.since)),
        "new": new,
        "resolved": Counter({name: -count for name, count in resolved.items()}),
        "closing": Counter(_doubtful_at(books, books.period.until)),
    }
    rows = []
    for currency in {a.amount.currency for a in books.everything}:
        for line, found in lines.items():
            mine = [
                (books.by_id[n].amount, c)
                for n, c in found.items()
                if books.by_id[n].amount.currency == currency
            ]
            rows.append(
                (line, currency, sum(c for _, c in mine), sum(c * a.minor for a, c in mine))
            )
    return rows


def bridge(books: Books) -> Rows:
    period = books.period
    ours = [a for a in books.made if a.kind != "sale"]
    unknown = {
        (row.subject, row.facts["stan"]): int(row.facts["amount_minor"])
        for _, row in books.links
        if row.kind == "host_only"
        and period.first.isoformat() <= row.facts["day"] <= period.last.isoformat()
    }
    here = [
        a
        for a in ours
        if a.state in BOOKED or (a.state is State.MISMATCHED and a.hold == "accepted")
    ]
    lines = {
        "journal": here,
        "not_in_a_file": [a for a in ours if a.state is State.ACCEPTED],
        "file_disagrees": [a for a in here if a.state is State.MISMATCHED],
        "host_only": [a for a in ours if a.state is State.MISMATCHED and a.hold != "accepted"],
    }
    counts = {name: len(some) for name, some in lines.items()}
    sums = {name: sum(a.amount.minor for a in some) for name, some in lines.items()}
    counts["host_only"] += len(unknown)
    sums["host_only"] += sum(unknown.values())
    for name in ("not_in_a_file", "file_disagrees"):
        counts[name], sums[name] = -counts[name], -sums[name]
    counts["host"], sums["host"] = sum(counts.values()), sum(sums.values())
    counts["difference"] = counts["journal"] - counts["host"]
    sums["difference"] = sums["journal"] - sums["host"]
    if not any((here, lines["host_only"], unknown)):
        return []
    return [(name, "156", counts[name], sums[name]) for name in counts]


def ceilings(books: Books) -> Rows:
    """Of the whole file; the sales say it of themselves."""
    sales = {
        sale.original_id: sale for journal in books.journals for sale in journal.all_originals()
    }
    rows: Rows = []
    for hold in ("reserved", "accepted"):
        held = sum(a.amount.minor for a in books.everything if a.original_id and a.hold == hold)
        booked = sum(getattr(sale, f"{hold}_minor") for sale in sales.values())
        rows += [(hold, "156", held, booked)] if held or booked else []
    return rows


def daily(books: Books) -> Rows:
    rows = []
    for day in {a.host_day for a in books.made}:
        mine = [a for a in books.made if a.host_day == day]
        sold = [a for a in mine if a.kind == "sale" and a.state in BOOKED]
        back = [a for a in mine if a.kind != "sale" and a.state in BOOKED]
        confirmed = sum(a.state is State.CONFIRMED for a in back)
        share = round(100 * confirmed / len(back), 1) if back else None
        sums = (sum(a.amount.minor for a in some) for some in (sold, back))
        sold_minor, back_minor = sums
        rows.append(
            (day.isoformat(), "156", len(sold), sold_minor, len(back), back_minor, confirmed, share)
        )
    return rows


def files(books: Books) -> Rows:
    rows = []
    day = books.period.first
    while day <= books.period.last:
        for terminal in {terminal for terminal, _ in books.links}:
            read = [
                row.facts
                for where, row in books.links
                if row.kind == "file" and where == terminal and row.facts["day"] == day.isoformat()
            ]
            last = read[-1] if read else {"rows": "0", "complete": ""}
            ends = datetime.combine(day, books.period.cut_off, books.period.zone)
            none = "missing" if ends <= books.period.now else "not_due"
            how = {"yes": "complete", "no": "partial", "": none}[last["complete"]]
            rows.append((day.isoformat(), terminal, how, int(last["rows"]), len(read)))
        day += timedelta(days=1)
    return rows


def _undecided(books: Books) -> dict[str, str]:
    states: dict[str, str] = {}
    for step in books.steps:
        if step.at < books.period.until:
            states[step.attempt] = step.state
    return {name: state for name, state in states.items() if state in UNDECIDED}


def _days(books: Books, attempt: Attempt) -> int:
    return max((books.period.as_of - attempt.created_at).days, 0)


def ageing(books: Books) -> Rows:
    def bucket(days: int) -> str:
        bounds = ((1, "0-1"), (3, "1-2"), (8, "3-7"), (31, "8-30"))
        return next((name for below, name in bounds if days < below), ">30")

    found = [(books.by_id[name], state) for name, state in _undecided(books).items()]
    return _summed(
        ((bucket(_days(books, a)), state, a.amount.currency), a.amount.minor) for a, state in found
    )


def undecided(books: Books) -> Rows:
    rows: Rows = []
    for name, state in _undecided(books).items():
        a = books.by_id[name]
        facts = a.facts
        rows.append(
            (
                *(name, a.terminal, a.kind, state, a.amount.currency, a.amount.minor, a.stan),
                *(
                    facts.get("rrn", ""),
                    f"*{a.card_last4}",
                    facts.get("reason", ""),
                    _days(books, a),
                ),
            )
        )
    return rows


def refunds(books: Books) -> Rows:
    return [
        (
            f"{books.host(a.created_at):%Y-%m-%d %H:%M:%S}",
            *(a.attempt_id, a.kind, a.state, a.amount.currency, a.amount.minor),
            *(a.facts.get(name, "") for name in ("operator", "approved_by", "why")),
            *(
                a.terminal,
                a.batch,
                a.stan,
                a.facts.get("rrn", ""),
                f"*{a.card_last4}",
                a.original_id,
            ),
        )
        for a in books.made
        if a.kind != "sale"
    ]


def outcomes(books: Books) -> Rows:
    rows = []
    for kind in {a.kind for a in books.made}:
        states = [a.state for a in books.made if a.kind == kind]
        accepted = sum(s in BOOKED for s in states)
        declined = sum(s in {State.DECLINED, State.REVERSED, State.RELEASED} for s in states)
        not_sent = states.count(State.NOT_SENT)
        rest = len(states) - accepted - declined - not_sent
        share = round(100 * accepted / len(states), 1)
        rows.append((kind, len(states), accepted, declined, not_sent, rest, share))
    return rows


def _reached(books: Books) -> dict[str, list[float]]:
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for step in books.of_made:
        seconds = (step.at - books.by_id[step.attempt].created_at).total_seconds()
        if step.state in FINAL:
            found["final"].setdefault(step.attempt, seconds)
        if step.state == "CONFIRMED":
            found["confirmed"].setdefault(step.attempt, seconds)
    return {name: sorted(times.values()) for name, times in found.items()}


def times(books: Books) -> Rows:
    rows: Rows = []
    for name, some in _reached(books).items():
        n = len(some)
        ranks = [some[-(-n * percent // 100) - 1] for percent in (50, 90, 99)]
        rows.append((name, n, *ranks, some[-1]))
    return rows


def curve(books: Books) -> Rows:
    """Counts up to each place only: where a half is rounded to is the database's own affair."""
    return [(name, len(some)) for name, some in _reached(books).items()]


def hours(books: Books) -> Rows:
    doubted = {step.attempt for step in books.steps if step.event == "doubt"}
    made: Counter[str] = Counter()
    struck: Counter[str] = Counter()
    for a in books.made:
        hour = f"{books.host(a.created_at):%H}"
        made[hour] += 1
        struck[hour] += a.attempt_id in doubted
    return [(h, n, struck[h], round(100 * struck[h] / n, 1)) for h, n in made.items()]


def codes(books: Books) -> Rows:
    found: Counter[tuple[str, str]] = Counter()
    for step in books.of_made:
        if step.event in ("accept", "decline", "doubt"):
            code = step.facts.get("code") or "no_code"
            answer = step.facts.get("reason", "") if step.event == "doubt" else code
            found[f"{books.host(step.at):%H}", answer] += 1
    return [(*key, count) for key, count in found.items()]


def reasons(books: Books) -> Rows:
    back = [a for a in books.made if a.kind != "sale" and a.state in BOOKED]
    return _summed(((a.facts.get("why") or "-", a.amount.currency), a.amount.minor) for a in back)


def failures(books: Books) -> Rows:
    found: Counter[tuple[str, str]] = Counter()
    whose: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for step in books.of_made:
        if step.event in ("decline", "doubt", "fail", "contradict", "bounce"):
            key = step.event, step.facts.get("code") or step.facts.get("reason") or "-"
            found[key] += 1
            whose[key].add(step.attempt)
    return [(*key, count, len(whose[key])) for key, count in found.items()]


def flow(books: Books) -> Rows:
    found = Counter((step.before, step.state) for step in books.of_made if step.before)
    return [(*key, count) for key, count in found.items()]


def exceptions(books: Books) -> Rows:
    events = {Event.DOUBT, Event.CONTRADICT, Event.BOUNCE, Event.GIVE_UP}
    struck = {step.attempt for step in books.steps if step.event in events}
    made = Counter((a.terminal, a.host_day.isoformat()) for a in books.made)
    hit = Counter(
        (a.terminal, a.host_day.isoformat()) for a in books.made if a.attempt_id in struck
    )
    return [(*key, count, hit[key]) for key, count in made.items()]


def cases(books: Books) -> Rows:
    found: Counter[tuple[str, str]] = Counter()
    for _, row in books.links:
        at = datetime.fromisoformat(row.at)
        if row.kind in (
            "case_opened",
            "case_closed",
            "fault_opened",
            "fault_closed",
        ) and books.within(at):
            found[row.kind, books.host(at).date().isoformat()] += 1
    return [(*key, count) for key, count in found.items()]


def open_cases(books: Books) -> Rows:
    last: dict[tuple[str, str], Row] = {}
    for terminal, row in books.links:
        if row.kind.startswith("case_") and datetime.fromisoformat(row.at) < books.period.until:
            last[terminal, row.facts["case"]] = row
    found = [row.facts for row in last.values() if row.kind == "case_opened"]
    return [
        (
            name,
            sum(f["category"] == name for f in found),
            min(f["day"] for f in found if f["category"] == name),
        )
        for name in {facts["category"] for facts in found}
    ]


def _ratios(some: list[Attempt]) -> tuple[Any, ...]:
    sold = [a.amount.minor for a in some if a.kind == "sale" and a.state in BOOKED]
    back = [a.amount.minor for a in some if a.kind != "sale" and a.state in BOOKED]
    share = round(100 * len(back) / len(sold), 1) if sold else None
    return len(sold), sum(sold), len(back), sum(back), share


def terminals(books: Books) -> Rows:
    rows = []
    for terminal in {a.terminal for a in books.made}:
        mine = [a for a in books.made if a.terminal == terminal]
        rows.append((terminal, "156", *_ratios(mine), sum(a.state in DOUBTS for a in mine)))
    return rows


def operators(books: Books) -> Rows:
    people = {a.facts.get("operator") or "-" for a in books.made}
    return [
        (who, "156", *_ratios([a for a in books.made if (a.facts.get("operator") or "-") == who]))
        for who in people
    ]


def _window(books: Books) -> list[Attempt]:
    first = books.period.last - timedelta(days=29)
    return [
        a
        for a in books.everything
        if first <= a.host_day <= books.period.last and a.state in BOOKED
    ]


def habits(books: Books) -> Rows:
    sold: Counter[str] = Counter()
    back: Counter[str] = Counter()
    for a in _window(books):
        (sold if a.kind == "sale" else back)[a.facts.get("operator") or "-"] += 1
    return [(who, sold[who], back[who]) for who in {*sold, *back}]


def approvals(books: Books) -> Rows:
    asked = [a for a in books.approvals if books.within(a.asked_at)]
    return _summed(((a.state, a.amount.currency), a.amount.minor) for a in asked)


def watched(books: Books) -> Rows:
    back = [a for a in _window(books) if a.kind != "sale"]
    sales = {a.request_id: a for a in books.everything if a.kind == "sale" and a.state in BOOKED}
    cards = {card: n for n, card in enumerate(sorted({a.card_fingerprint for a in back}), start=1)}
    closings = [
        (t, datetime.fromisoformat(r.at)) for t, r in books.links if r.kind == "batch_closed"
    ]
    rows: Rows = []
    for a in back:
        sale = sales.get(a.original_id or "")
        after = round((a.created_at - sale.created_at).total_seconds()) if sale else None
        until = min(
            (at for t, at in closings if t == a.terminal and at >= a.created_at), default=None
        )
        before = round((until - a.created_at).total_seconds()) if until else None
        rows.append(
            (
                *(a.attempt_id, a.terminal, a.facts["operator"], a.facts.get("approved_by", "")),
                *(a.amount.minor, a.amount.currency, a.original_id, cards[a.card_fingerprint]),
                *(f"*{a.card_last4}", sale.facts["operator"] if sale else "", after, before),
            )
        )
    return rows


RECOUNTS: dict[str, Callable[[Books], Rows]] = {
    each.__name__: each
    for each in (
        *(
            totals,
            doubts,
            bridge,
            ceilings,
            daily,
            files,
            ageing,
            undecided,
            refunds,
            outcomes,
            times,
            curve,
        ),
        *(
            hours,
            codes,
            reasons,
            failures,
            flow,
            exceptions,
            cases,
            open_cases,
            terminals,
            operators,
            habits,
        ),
        *(complaints, feedback, approvals, watched),
    )
}
"""By the figure's name."""
