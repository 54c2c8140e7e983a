"""What carries a message, and the two plainest: a file of lines, and whatever prints. Floor 8."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from posrefund.errors import LinkOpenError

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from posrefund.office.notices.message import Message

__all__ = ["Channel", "FileChannel", "PrintChannel", "Reach", "reaches"]

Reach = Literal["phone", "mail", "shop"]
"""Whom a channel reaches: customers by telephone number, customers by mail address, or the shop itself."""

_PHONE = re.compile(r"\+?[0-9](?:[ ()-]{0,2}[0-9]){4,14}")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Channel(Protocol):
    """Carries messages. It is given the same one again where nobody knows whether it went through."""

    @property
    def name(self) -> str:
        """Under which the journal keeps how far it is; two channels of one relay have two names."""

    @property
    def stays_here(self) -> bool:
        """Whether nothing that it carries leaves this machine: then people may practise with it."""

    def takes(self, message: Message) -> bool:
        """Say whether *message* is one for this channel, by whom it is for or by what it says."""

    def send(self, message: Message) -> None:
        """Carry it; to return is to say that it went through.

        Raises:
            Exception: Whatever it likes: the message is sent again later.
        """


def reaches(contact: str, to: Reach) -> bool:
    """Say whether *contact* is a place of the kind *to*.

    Example:
        >>> from posrefund.office.notices import reaches
        >>> reaches("138 0013 8000", "phone"), reaches("li@shop.example", "phone")
        (True, False)
    """
    if to == "shop":
        return True
    return bool((_PHONE if to == "phone" else _MAIL).fullmatch(contact))


class FileChannel:
    """Adds each message's data to a file as one line of JSON: for a back office that reads files, and for trying out.

    Args:
        path: The file; made when it is not there.
        name: Of the channel.
    """

    def __init__(self, path: str | PathLike[str], *, name: str = "file") -> None:
        self._path, self.name, self.stays_here = Path(path), name, True

    def takes(self, message: Message) -> bool:
        """Say yes."""
        return True

    def send(self, message: Message) -> None:
        """Add a line.

        Raises:
            LinkOpenError: The file cannot be written.
        """
        try:
            with self._path.open("ab") as file:
                file.write(message.json + b"\n")
        except OSError as error:
            raise LinkOpenError(f"the file cannot be written: {error.strerror}") from None


class PrintChannel:
    """Hands each message's short text to a function, such as ``print``.

    Args:
        write: Takes the text.
        name: Of the channel.
    """

    def __init__(self, write: Callable[[str], object], *, name: str = "print") -> None:
        self._write, self.name, self.stays_here = write, name, True

    def takes(self, message: Message) -> bool:
        """Say yes."""
        return True

    def send(self, message: Message) -> None:
        """Hand it over."""
        self._write(f"{message.notice.notice_id} {message.short}")
