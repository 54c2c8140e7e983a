"""The arithmetic coder of JBIG: it writes one decision at a time, each in a context. Floor 2: pure bytes.

Its bytes are those of the coder of ITU-T T.82, 6.8.2. Only the encoder is here: this program sends signatures and
reads none. It knows no picture; ``jbig`` does.
"""

from __future__ import annotations

__all__ = ["QMEncoder"]

_TABLE = (
    "5A1D:1:1:1 2586:14:2 1114:16:3 080B:18:4 03D8:20:5 01DA:23:6 00E5:25:7 006F:28:8 0036:30:9 001A:33:10 "
    "000D:35:11 0006:9:12 0003:10:13 0001:12:13 5A7F:15:15:1 3F25:36:16 2CF2:38:17 207C:39:18 17B9:40:19 "
    "1182:42:20 0CEF:43:21 09A1:45:22 072F:46:23 055C:48:24 0406:49:25 0303:51:26 0240:52:27 01B1:54:28 "
    "0144:56:29 00F5:57:30 00B7:59:31 008A:60:32 0068:62:33 004E:63:34 003B:32:35 002C:33:9 5AE1:37:37:1 "
    "484C:64:38 3A0D:65:39 2EF1:67:40 261F:68:41 1F33:69:42 19A8:70:43 1518:72:44 1177:73:45 0E74:74:46 "
    "0BFB:75:47 09F8:77:48 0861:78:49 0706:79:50 05CD:48:51 04DE:50:52 040F:50:53 0363:51:54 02D4:52:55 "
    "025C:53:56 01F8:54:57 01A4:55:58 0160:56:59 0125:57:60 00F6:58:61 00CB:59:62 00AB:61:63 008F:61:32 "
    "5B12:65:65:1 4D04:80:66 412C:81:67 37D8:82:68 2FE8:83:69 293C:84:70 2379:86:71 1EDF:87:72 1AA9:87:73 "
    "174E:72:74 1424:72:75 119C:74:76 0F6B:74:77 0D51:75:78 0BB6:77:79 0A40:77:48 5832:80:81:1 4D1C:88:82 "
    "438E:89:83 3BDD:90:84 34EE:91:85 2EAE:92:86 299A:93:87 2516:86:71 5570:88:89:1 4CA9:95:90 44D9:96:91 "
    "3E22:97:92 3824:99:93 32B4:99:94 2E17:93:86 56A8:95:96:1 4F46:101:97 47E5:102:98 41CF:103:99 "
    "3C3D:104:100 375E:99:93 5231:105:102 4C0F:106:103 4639:107:104 415E:103:99 5627:105:106:1 50E7:108:107 "
    "4B85:109:103 5597:110:109 504F:111:107 5A10:110:111:1 5522:112:109 59EB:112:111:1"
)
"""T.82, table 24: of each state the part of the less probable symbol, the next state after that one, the next state
after the other one, and ``1`` where the two change places. T.81 has the same table."""


def _state(text: str) -> tuple[int, int, int, bool]:
    part, after_less, after_more, *switch = text.split(":")
    return int(part, 16), int(after_less), int(after_more), bool(switch)


_STATES = tuple(map(_state, _TABLE.split()))
_SPACER_BITS = 19
"""Below the byte that leaves next: three bits that catch carries, and sixteen of fraction."""


class QMEncoder:
    """Codes decisions of ``0`` or ``1``.

    Args:
        contexts: How many there are.

    Source:
        ITU-T T.82 (ISO/IEC 11544), 6.8.2; its test sequence is 7.1.
    """

    def __init__(self, contexts: int) -> None:
        self._states = [0] * contexts
        self._likely = [0] * contexts
        self._interval, self._low, self._room = 0x10000, 0, 11
        self._written = bytearray()
        self._held = 0
        """How many bytes FF wait: a carry would go through all of them."""
        self._last = -1
        """The byte before them, which a carry would change; -1 before the first."""

    def encode(self, context: int, bit: int) -> None:
        """Code *bit* in *context*."""
        state = self._states[context]
        part, after_less, after_more, switch = _STATES[state]
        self._interval -= part
        if bit == self._likely[context]:
            if self._interval >= 0x8000:
                return
            self._states[context] = after_more
            is_lower = self._interval >= part
        else:
            self._states[context] = after_less
            if switch:
                self._likely[context] ^= 1
            is_lower = self._interval < part
        if not is_lower:
            self._low += self._interval
            self._interval = part
        self._widen()

    def finish(self) -> bytes:
        """Return all that was coded; zeros at its end, which a decoder adds again, are left out."""
        top = (self._interval - 1 + self._low) & 0xFFFF0000
        self._low = top + 0x8000 if top < self._low else top
        self._low <<= self._room
        self._byte_out()
        self._low <<= 8
        self._byte_out()
        self._settle(carry=0)
        return bytes(self._written).rstrip(b"\0")

    def _widen(self) -> None:
        while True:
            self._interval <<= 1
            self._low <<= 1
            self._room -= 1
            if not self._room:
                self._byte_out()
                self._room = 8
            if self._interval >= 0x8000:
                return

    def _byte_out(self) -> None:
        byte = self._low >> _SPACER_BITS
        self._low &= (1 << _SPACER_BITS) - 1
        if byte == 0xFF:
            self._held += 1
            return
        self._settle(carry=byte >> 8)
        self._last = byte & 0xFF

    def _settle(self, carry: int) -> None:
        """Write what waited: the last byte with its carry, and the held ones as they are after it."""
        if self._last >= 0:
            self._written.append(self._last + carry)
        self._written += bytes([0x00 if carry else 0xFF]) * self._held
        self._held, self._last = 0, -1
