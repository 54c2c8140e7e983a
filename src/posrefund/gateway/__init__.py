"""The door: HTTP and JSON for a till in any language, over the typed API. Floor 10."""

from posrefund.gateway.terminals import (
    OpenTerminals,
    TerminalElsewhereError,
    TerminalNotOpenError,
    Terminals,
)

__all__ = ["OpenTerminals", "TerminalElsewhereError", "TerminalNotOpenError", "Terminals"]
