"""Why a line could not be opened, as a word beside the sentence: code asks for the one, people read the other. Floor 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from posrefund.errors import LinkOpenError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Why", "cannot_open", "none_opened", "word_for"]

Why: TypeAlias = Literal["refused", "silent", ""]


def word_for(error: OSError | None) -> Why:
    """Return whether somebody refused, nobody answered in time, or it was something else.

    Example:
        >>> import errno
        >>> from posrefund.link.opening import word_for
        >>> [word_for(OSError(code, "")) for code in (errno.ECONNREFUSED, errno.ETIMEDOUT, errno.ENETUNREACH)]
        ['refused', 'silent', '']
    """
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "silent" if isinstance(error, TimeoutError) else ""


def cannot_open(sentence: str, why: Why) -> LinkOpenError:
    """Return the error, ready to raise."""
    error = LinkOpenError(sentence)
    error.why = why
    return error


def none_opened(failures: Mapping[int, LinkOpenError]) -> LinkOpenError:
    """Return the error of several addresses: every sentence, and the word that all of them share."""
    sentences = "; ".join(str(failures[at]) for at in sorted(failures))
    words = {failure.why for failure in failures.values()}
    return cannot_open(sentences, words.pop() if len(words) == 1 else "")
