"""The pages of the door: ``/counter``, and the one to sign on; each loads nothing from anywhere. Floor 10.

They hold no secret: a token is typed into the counter's, or stands behind the ``#`` of the address, which no browser sends.
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

__all__ = ["counter_page", "page"]

_SHARED = re.compile(r"/\* (pad\.(?:js|css)) \*/")
"""Where a page has what both need: the box to draw in."""


async def counter_page(_: Request) -> Response:
    """Return the counter."""
    return page("counter.html")


def page(name: str) -> Response:
    """Return a page; its own script and style run in it and nothing else, in no frame."""
    text, policy = _page(name)
    return Response(
        text,
        media_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": policy,
            "Cache-Control": "no-cache",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


@lru_cache(maxsize=4)
def _page(name: str) -> tuple[str, str]:
    page = _SHARED.sub(lambda found: _text(found[1]), _text(name))
    policy = (
        "default-src 'none'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
        f" frame-ancestors 'none'; script-src {_digest(page, 'script')}; style-src {_digest(page, 'style')}"
    )
    return page, policy


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(page: str, tag: str) -> str:
    """How a policy names the only *tag* that may be: by its SHA-256."""
    (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    return f"'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'"
