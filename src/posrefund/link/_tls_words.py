"""What OpenSSL says, in words that tell a person whom to call. Floor 5."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

__all__ = ["why"]

_UNTRUSTED = "its certificate comes from a CA that is not trusted here"
_VERDICTS = {  # X509_V_ERR_ of OpenSSL's x509_vfy.h
    9: "its certificate is not valid yet, or this machine's clock is wrong",
    10: "its certificate has expired, or this machine's clock is wrong",
    18: _UNTRUSTED,
    19: _UNTRUSTED,
    20: _UNTRUSTED,
    21: _UNTRUSTED,
    62: "its certificate is for another name than {name}",
    64: "its certificate is for another address than {name}",
}
_REASONS = {
    "WRONG_VERSION_NUMBER": "it does not speak TLS",
    "UNSUPPORTED_PROTOCOL": "it speaks no TLS 1.2 or later",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it speaks no TLS 1.2 or later",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "it accepts nothing that we offer",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it wants a certificate of ours",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust our certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it does not trust our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it says that our certificate has expired",
    "TLSV1_UNRECOGNIZED_NAME": "it does not know the name that was asked for",
}


def why(error: ssl.SSLError, server_name: str) -> str:
    """Say why TLS failed; *server_name* is whom the other side should have been."""
    verdict = getattr(error, "verify_code", None)
    if verdict is not None:
        words = _VERDICTS.get(verdict, f"its certificate is refused (OpenSSL's code {verdict})")
        return words.format(name=server_name)
    reason = error.reason or type(error).__name__
    return _REASONS.get(reason, reason.lower().replace("_", " "))
