"""Words of the evidence in both languages, and how a page holds both. Floor 10."""

from __future__ import annotations

from html import escape

__all__ = ["CONFIDENCE", "VERDICTS", "span"]

VERDICTS = {
    "passed": ("通过", "passed"),
    "failed": ("未通过", "failed"),
    "skipped": ("未执行完", "not finished"),
    "absent": ("参数中没有", "not in this profile"),
    "incomplete": ("不完整", "incomplete"),
}
CONFIDENCE = {
    "seen": ("所见", "seen"),
    "likely": ("可能", "likely"),
    "unknown": ("未知", "unknown"),
}


def span(zh: str, en: str) -> str:
    """Return both texts, escaped, of which the page shows one.

    Example:
        >>> from posrefund.certify.said import span
        >>> span("通过", "a < b")
        '<span class="zh" lang="zh-CN">通过</span><span class="en" lang="en">a &lt; b</span>'
    """
    return f'<span class="zh" lang="zh-CN">{escape(zh)}</span><span class="en" lang="en">{escape(en)}</span>'
