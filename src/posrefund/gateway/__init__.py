"""The door: HTTP and JSON for a till in any language, over the typed API. Floor 10."""

from posrefund.gateway.app import gateway_app
from posrefund.gateway.faults import DoorError
from posrefund.gateway.limits import RateLimit
from posrefund.gateway.operation import Answer, Call, Operation
from posrefund.gateway.options import DoorOptions
from posrefund.gateway.rights import ROLES, Right, Role
from posrefund.gateway.terminals import (
    OpenTerminals,
    TerminalElsewhereError,
    TerminalNotOpenError,
    Terminals,
)
from posrefund.gateway.tokens import Token, Tokens, digest_of, new_token

__all__ = [
    "ROLES",
    "Answer",
    "Call",
    "DoorError",
    "DoorOptions",
    "OpenTerminals",
    "Operation",
    "RateLimit",
    "Right",
    "Role",
    "TerminalElsewhereError",
    "TerminalNotOpenError",
    "Terminals",
    "Token",
    "Tokens",
    "digest_of",
    "gateway_app",
    "new_token",
]
