"""What both editions of ISO 8583 have in common as the host speaks them: shapes, batch and keys. Floor 9."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posrefund.emulators.host.dialects.definition import Layout
from posrefund.emulators.host.dialects.iso_fields import DATE_TIME
from posrefund.emulators.host.terminals import KeyBlock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.emulators.host.dialects.definition import Kind
    from posrefund.emulators.host.profile import HostProfile

__all__ = ["ISO_SHAPES", "IsoLayout", "in_characters"]

ISO_SHAPES: Mapping[str, str] = {
    "2": r"[0-9]{12,19}",
    "3": r"[0-9]{6}",
    "4": r"[0-9]{12}",
    "7": DATE_TIME,
    "11": r"(?!000000)[0-9]{6}",
    "14": r"[0-9]{2}(0[1-9]|1[0-2])",
    "23": r"[0-9]{3}",
    "35": r"(?=.{17,37}$)[0-9]{1,19}D[0-9]+",
    "37": r"[0-9A-Za-z ]{12}",
    "38": r"[0-9A-Za-z ]{6}",
    "41": r"[ -~]{8}",
    "42": r"[ -~]{15}",
    "49": r"[0-9]{3}",
    "52": r"[0-9A-F]{16}",
    "55": r"([0-9A-F]{2})+",
    "60": r"[0-9]{6}",
    "64": r"[0-9A-F]{16}",
}
"""What may stand in the fields that mean the same in both."""


def in_characters(patterns: Mapping[str, str]) -> dict[str, str]:
    """Return shapes for text: a terminal may send ``=`` where a packed track has ``D``."""
    return {**patterns, "35": patterns["35"].replace("D", "[D=]")}


class IsoLayout(Layout):
    """DE60 is the batch and nothing else; a sign-in hands out two keys of double length."""

    def batch(self, fields: dict[str, str]) -> str:
        """Return DE60."""
        return fields.get("60", "")

    def key_block(self, network_code: str, profile: HostProfile) -> KeyBlock:
        """Return two keys of 16 bytes: the retail MAC takes no shorter one."""
        return KeyBlock(16, 16)

    def batch_field(self, kind: Kind, fields: dict[str, str], batch: str) -> str:
        """Return the batch as it is."""
        return batch
