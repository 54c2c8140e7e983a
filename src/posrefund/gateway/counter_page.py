"""``GET /counter``: the counter as one page, which loads nothing from anywhere. Floor 10.

It holds no secret: a token is typed into it, or stands behind the ``#`` of the address, which no browser sends.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["counter_page"]


async def counter_page(_: Request) -> Response:
    """Return the page; its own script and style run in it and nothing else, in no frame."""
    page, policy = _page()
    return Response(
        page,
        media_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": policy,
            "Cache-Control": "no-cache",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


@lru_cache(maxsize=1)
def _page() -> tuple[str, str]:
    page = files(__package__).joinpath("counter.html").read_text(encoding="utf-8")
    policy = (
        "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
        f" frame-ancestors 'none'; script-src {_digest(page, 'script')}; style-src {_digest(page, 'style')}"
    )
    return page, policy


def _digest(page: str, tag: str) -> str:
    """How a policy names the only *tag* that may be: by its SHA-256."""
    (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return f"'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'"
