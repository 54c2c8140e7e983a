"""TPDU and message header: the eleven bytes between a length prefix and the MTI. Floor 2.

They are outside the MAC and prove nothing; a reply carries them swapped and, in one digit, changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from posrefund.errors import FramingError

__all__ = ["Envelope"]

TPDU_BYTES = 5
HEADER_BYTES = 6


@dataclass(frozen=True, slots=True)
class Envelope:
    """TPDU and header of one message.

    Attributes:
        tpdu: 5 bytes: ``60``, destination and source address (2 BCD bytes each).
        header: 6 BCD bytes: application class, version, state, processing request, reserved.

    Shape:
        11 bytes on the line.

    Source:
        ISO 8583 over TPDU as the acquirers publish it; UnionPay header, table of the fact base
        (CHAN, LIAO and 26 dumps agree).
    """

    tpdu: bytes
    header: bytes

    def __post_init__(self) -> None:
        if len(self.tpdu) != TPDU_BYTES or len(self.header) != HEADER_BYTES:
            message = "5 bytes of TPDU and 6 of header"
            raise FramingError(message, offset_bytes=0)

    def wrap(self, body: bytes) -> bytes:
        """Return *body* with TPDU and header before it."""
        return self.tpdu + self.header + body

    @classmethod
    def unwrap(cls, message: bytes) -> tuple[Envelope, bytes]:
        """Split *message* into its envelope and its body (which begins at the MTI).

        Raises:
            FramingError: It is shorter than an envelope.
        """
        if len(message) < TPDU_BYTES + HEADER_BYTES:
            expected = "a TPDU of 5 bytes and a header of 6"
            raise FramingError(expected, offset_bytes=len(message))
        body_at = TPDU_BYTES + HEADER_BYTES
        return cls(message[:TPDU_BYTES], message[TPDU_BYTES:body_at]), message[body_at:]

    def reply(self, *, processing_request: int = 0) -> Envelope:
        """Return the envelope of an answer: addresses swapped, digit 6 of the header set.

        Example:
            >>> from posrefund.framing import Envelope
            >>> asked = Envelope(bytes.fromhex("6000030000"), bytes.fromhex("603100311003"))
            >>> asked.reply(processing_request=3).tpdu.hex()
            '6000000003'
        """
        tpdu = self.tpdu[:1] + self.tpdu[3:5] + self.tpdu[1:3]
        third = (self.header[2] & 0xF0) | (processing_request & 0x0F)
        return Envelope(tpdu, self.header[:2] + bytes([third]) + self.header[3:])

    @property
    def processing_request(self) -> int:
        """What the host asks the terminal to do next; 0 nothing, 3 sign in again."""
        return self.header[2] & 0x0F
