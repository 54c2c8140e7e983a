"""What the door says where something is wrong: one form for all, and which status it has. Floor 10.

No text of an error goes out: it may name a file of the server's, or what the caller sent. A code says what it is, the
words are those of a table here, and ``effect`` and ``retry_is_safe`` are the error's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from posrefund.errors import (
    CodecError,
    CryptoError,
    DeviceBusyError,
    EncodeError,
    FramingError,
    InvalidRequestError,
    JournalError,
    JournalWriteError,
    LinkError,
    LinkTimeoutError,
    LocalProtocolError,
    PosRefundError,
    RefusedError,
    RemoteProtocolError,
    RequestConflictError,
)
from posrefund.gateway.terminals import TerminalElsewhereError, TerminalNotOpenError
from posrefund.office.outcome_data import refusal_as_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from posrefund.errors import Effect, Fault

__all__ = ["CODES", "DoorError", "Said", "said_of", "unexpected"]

CODES: Mapping[str, tuple[int, str, str]] = MappingProxyType(
    {
        "bad_json": (400, "请求体不是 JSON", "the body is no JSON"),
        "token_needed": (401, "缺少令牌或令牌无效", "no token, or none that is known here"),
        "role_not_allowed": (403, "该令牌无此权限", "this token may not do that"),
        "operator_not_allowed": (
            403,
            "该令牌不能代表此操作员",
            "this token does not speak for that operator",
        ),
        "pin_proof_needed": (
            403,
            "该令牌须凭操作员密码复核",
            "this token approves only what an operator's PIN proves",
        ),
        "not_found": (404, "没有这个地址", "nothing is at this address"),
        "terminal_unknown": (404, "没有这个终端", "no such terminal, or not for this token"),
        "seat_unknown": (
            404,
            "柜台会话不存在：请重新打开",
            "nobody sits there: open the counter anew",
        ),
        "link_unknown": (
            404,
            "签名链接已失效：请店员重新出示二维码",
            "this link to sign holds no longer: ask for a new code",
        ),
        "request_unknown": (
            404,
            "没有这个请求号；可用同一单号提交",
            "no such request: making it under this id is safe",
        ),
        "method_not_allowed": (405, "该地址不支持此方法", "this address has no such method"),
        "body_too_slow": (
            408,
            "请求体未按时到齐",
            "the body did not come in time; nothing was begun",
        ),
        "request_conflict": (
            409,
            "请求号已用于其他内容",
            "this id is known with other content; that one stands",
        ),
        "not_now": (409, "现在不能这样做", "this cannot be done now"),
        "body_too_large": (413, "请求体过大", "the body is too large"),
        "not_json_type": (415, "内容类型须为 application/json", "send application/json"),
        "invalid_request": (422, "请求内容有误", "something of the request is wrong"),
        "too_many_requests": (429, "请求过于频繁", "too many requests: wait"),
        "too_many_streams": (429, "事件连接过多", "too many event streams: close one"),
        "internal": (
            500,
            "内部错误：请查询状态，不要换号重做",
            "something broke here: ask for the status, never repeat it under another id",
        ),
        "signature_not_kept": (
            500,
            "签名图无法保存：请用纸上签名，并通知管理员",
            "the signature cannot be kept: sign on paper, and tell the administrator",
        ),
        "key_trouble": (500, "密钥异常", "something is wrong with the keys"),
        "journal_trouble": (
            500,
            "日志异常：请查询状态，不要换号重做",
            "the journal: ask for the status, never repeat it under another id",
        ),
        "host_unreachable": (502, "主机无法连接", "the host cannot be reached"),
        "host_unreadable": (502, "主机应答无法识别", "what the host sent is no answer"),
        "journal_not_written": (503, "日志未能写入", "the journal could not be written"),
        "terminal_elsewhere": (
            503,
            "该终端由另一进程服务",
            "another process speaks for this terminal now",
        ),
        "terminal_not_open": (503, "该终端暂不可用", "this terminal cannot be used here now"),
        "host_silent": (504, "主机未按时应答", "the host did not answer in time"),
    }
)
"""Every code of the door's own: status, and what it is, in zh and en."""

_OF_ERRORS: tuple[tuple[type[PosRefundError], str], ...] = (
    (InvalidRequestError, "invalid_request"),
    (EncodeError, "invalid_request"),
    (RequestConflictError, "request_conflict"),
    (TerminalElsewhereError, "terminal_elsewhere"),
    (TerminalNotOpenError, "terminal_not_open"),
    (DeviceBusyError, "not_now"),
    (LocalProtocolError, "not_now"),
    (LinkTimeoutError, "host_silent"),
    (LinkError, "host_unreachable"),
    (RemoteProtocolError, "host_unreadable"),
    (FramingError, "host_unreadable"),
    (CodecError, "host_unreadable"),
    (CryptoError, "key_trouble"),
    (JournalWriteError, "journal_not_written"),
    (JournalError, "journal_trouble"),
)
"""The first that fits."""

_ABOUT_PEOPLE = ("operator_", "role_", "approval_same_person", "keyed_card")
"""Refusals whose code begins so mean: not by this person."""


class DoorError(PosRefundError):
    """The door itself says no; nothing was sent.

    Attributes:
        code: A key of ``CODES``.
        faults: Where something is wrong, never what.
        headers: That the answer has besides.
    """

    def __init__(
        self, code: str, *, faults: Sequence[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"the door refused: {code}")
        self.code, self.faults, self.headers = code, tuple(faults), dict(headers or {})

    def __reduce__(self) -> tuple[type[DoorError], tuple[str], dict[str, Any]]:
        return type(self), (self.code,), vars(self)


@dataclass(frozen=True, slots=True)
class Said:
    """An error as an answer.

    Attributes:
        status: Of HTTP.
        data: The body.
        headers: That it has besides.
    """

    status: int
    data: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def said_of(error: PosRefundError) -> Said:
    """Return what the door says of *error*.

    Example:
        >>> from posrefund.errors import RequestConflictError
        >>> from posrefund.gateway.faults import said_of
        >>> said = said_of(RequestConflictError("R-1"))
        >>> said.status, said.data["error"]["code"], said.data["error"]["effect"]
        (409, 'request_conflict', 'nothing_sent')
    """
    match error:
        case DoorError():
            return _said(error.code, error, faults=error.faults, headers=error.headers)
        case RefusedError():
            status = 403 if error.code.startswith(_ABOUT_PEOPLE) else 409
            words = status, error.hint_zh, error.hint_en
            return _said(error.code, error, words=words, refusal=refusal_as_data(error))
        case InvalidRequestError():
            return _said("invalid_request", error, faults=error.faults)
        case EncodeError():
            return _said("invalid_request", error, faults=[(error.path, error.expected)])
        case TerminalNotOpenError():
            is_elsewhere = isinstance(error, TerminalElsewhereError)
            wait = {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
            return _said(
                "terminal_elsewhere" if is_elsewhere else "terminal_not_open", error, headers=wait
            )
        case _:
            return _said(
                next((code for kind, code in _OF_ERRORS if isinstance(error, kind)), "internal"),
                error,
            )


def unexpected(effect: Effect) -> Said:
    """Return what is said of an error that nobody foresaw, and nothing of it."""
    error = PosRefundError()
    error.effect = effect
    return _said("internal", error)


def _said(
    code: str,
    error: PosRefundError,
    *,
    words: tuple[int, str, str] | None = None,
    faults: Sequence[Fault] = (),
    refusal: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Said:
    status, zh, en = words or CODES[code]
    said = {
        "code": code,
        "effect": error.effect,
        "retry_is_safe": error.effect == "nothing_sent"
        and (error.retry_is_safe or status in (408, 429, 503)),
        "text_zh": zh,
        "text_en": en,
        "faults": [{"path": path, "expected": expected} for path, expected in faults],
        "refusal": refusal,
    }
    return Said(status, {"error": said}, headers or {})
