"""The layouts that come with the package. Floor 8."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from posrefund.errors import ConfigError
from posrefund.office.files.loader import load_layout

if TYPE_CHECKING:
    from posrefund.office.files.layout import FileLayout

__all__ = ["layout", "layout_names"]

_NAMES = ("alipay", "unionpay-acom", "unionpay-zm", "wechat")


def layout_names() -> tuple[str, ...]:
    """Return the names of the layouts that are here."""
    return _NAMES


@cache
def layout(name: str) -> FileLayout:
    """Return the layout called *name*.

    Raises:
        ConfigError: There is none; says which there are.

    Example:
        >>> from posrefund.office.files import layout
        >>> len(layout("unionpay-acom").columns)
        34
    """
    if name not in _NAMES:
        raise ConfigError(f"no layout of that name: one of {', '.join(_NAMES)}, or a file of yours")
    text = files(__package__) / "layouts" / f"{name}.toml"
    return load_layout(text.read_text(encoding="utf-8"))
