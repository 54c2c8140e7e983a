"""TPDU and message header: what stands between a length prefix and the MTI. Floor 2.

UnionPay has both, eleven bytes; plain ISO 8583 has a TPDU or nothing. They are outside the MAC and prove nothing; a reply carries them swapped and, in one digit, changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from posrefund.closed import closed
from posrefund.errors import FramingError

__all__ = ["Envelope"]

TPDU_BYTES = 5
HEADER_BYTES = 6


@dataclass(frozen=True, slots=True)
class Envelope:
    """TPDU and header of one message.

    Attributes:
        tpdu: 5 bytes: ``60``, destination and source address (2 BCD bytes each); or none.
        header: 6 BCD bytes: application class, version, state, processing request, reserved; or none.

    Shape:
        11, 6, 5 or 0 bytes on the line.

    Source:
        ISO 8583 over TPDU as the acquirers publish it; UnionPay header, table of the fact base
        (CHAN, LIAO and 26 dumps agree).
    """

    tpdu: bytes
    header: bytes

    def __post_init__(self) -> None:
        if len(self.tpdu) not in (0, TPDU_BYTES) or len(self.header) not in (0, HEADER_BYTES):
            message = "5 bytes of TPDU or none, and 6 of header or none"
            raise FramingError(message, offset_bytes=0)

    def wrap(self, body: bytes) -> bytes:
        """Return *body* with TPDU and header before it."""
        return self.tpdu + self.header + body

    @classmethod
    @closed
    def unwrap(
        cls, message: bytes, tpdu_bytes: int = TPDU_BYTES, header_bytes: int = HEADER_BYTES
    ) -> tuple[Envelope, bytes]:
        """Split *message* into its envelope and its body (which begins at the MTI).

        Shape:
            tpdu_bytes: 5 or 0. header_bytes: 6 or 0.

        Raises:
            FramingError: It is shorter than an envelope.
        """
        body_at = tpdu_bytes + header_bytes
        if len(message) < body_at:
            expected = f"a TPDU of {tpdu_bytes} bytes and a header of {header_bytes}"
            raise FramingError(expected, offset_bytes=len(message))
        return cls(message[:tpdu_bytes], message[tpdu_bytes:body_at]), message[body_at:]

    def reply(self, *, processing_request: int = 0) -> Envelope:
        """Return the envelope of an answer: addresses swapped, digit 6 of the header set.

        What is not there stays away; without a header nothing can be asked of the terminal.

        Example:
            >>> from posrefund.framing import Envelope
            >>> asked = Envelope(bytes.fromhex("6000030000"), bytes.fromhex("603100311003"))
            >>> asked.reply(processing_request=3).tpdu.hex()
            '6000000003'
        """
        tpdu = self.tpdu[:1] + self.tpdu[3:5] + self.tpdu[1:3]
        if not self.header:
            return Envelope(tpdu, b"")
        third = (self.header[2] & 0xF0) | (processing_request & 0x0F)
        return Envelope(tpdu, self.header[:2] + bytes([third]) + self.header[3:])

    @property
    def processing_request(self) -> int:
        """What the host asks the terminal to do next; 0 nothing, 3 sign in again."""
        return self.header[2] & 0x0F if self.header else 0
