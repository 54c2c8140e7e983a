"""What a door counts stays small, whatever is asked of it."""

from __future__ import annotations

from posrefund.gateway.metrics import Metrics


def test_methods_that_somebody_makes_up_are_counted_as_one() -> None:
    metrics = Metrics()
    metrics.answered("/health", "GET", 200, 0.1)
    for number in range(1_000):
        metrics.answered("/health", f"M{number}", 405, 0.1)

    lines = [
        line
        for line in metrics.text().decode().splitlines()
        if line.startswith("posrefund_http_requests_total{")
    ]
    assert len(lines) == 2
    assert any('method="other"' in line and line.endswith(" 1000.0") for line in lines)
