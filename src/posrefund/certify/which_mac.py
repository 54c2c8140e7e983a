"""Which rule makes this MAC? The rules that hosts are known to use, tried in their order. Floor 10.

Unlike ``crypto.probe`` it knows where the message begins and ends, so it never has to search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from posrefund.closed import closed
from posrefund.crypto import MACRule, mac
from posrefund.crypto.mac import MACAlgorithm
from posrefund.errors import ConfigError, CryptoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from posrefund.crypto import Key
    from posrefund.framing import Envelope

__all__ = ["candidates", "in_words", "rule_of", "spelt"]

_FORMS = (("hex", 4), ("raw", 8), ("raw", 4))
"""Eight digits of text, eight bytes, or four and zeros behind them."""


def candidates(like: MACRule) -> Iterator[MACRule]:
    """Yield every rule a host may mean, *like* first, all for its cipher.

    Example:
        >>> from posrefund.certify.which_mac import candidates
        >>> from posrefund.crypto import UNIONPAY_ECB
        >>> first, second, *_ = candidates(UNIONPAY_ECB)
        >>> first == UNIONPAY_ECB, second.encoding
        (True, 'raw')
    """
    yield like
    names: tuple[Any, ...] = (like.algorithm, *get_args(MACAlgorithm))
    seen = [like]
    for covers in ("mti", "header", "tpdu"):
        for name in dict.fromkeys(names):
            for encoding, length in _FORMS:
                for padding in (1, 2):
                    rule = _rule(name, like, padding, length, encoding, covers)
                    if rule is not None and rule not in seen:
                        seen.append(rule)
                        yield rule


@closed
def rule_of(
    mak: Key, envelope: Envelope, body: bytes, field: bytes, like: MACRule
) -> MACRule | None:
    """Return the rule by which *field* is the MAC of what stands before it; None if none of them.

    Args:
        mak: The key of the sign-in.
        envelope: What stood before the message.
        body: From the MTI to the byte before the MAC.
        field: The eight bytes of the MAC field.
        like: What the profile says.
    """
    return next(
        (rule for rule in candidates(like) if _gives(mak, envelope, body, field, rule)), None
    )


def in_words(rule: MACRule) -> str:
    """Return *rule* as people name it.

    Example:
        >>> from posrefund.certify.which_mac import in_words
        >>> from posrefund.crypto import UNIONPAY_ECB
        >>> in_words(UNIONPAY_ECB)
        'unionpay-ecb, TDEA, 4 bytes as text'
    """
    form = "as text" if rule.encoding == "hex" else "raw"
    around = "" if rule.covers_from == "mti" else f", from the {rule.covers_from}"
    padding = "" if rule.padding == 1 else f", padding {rule.padding}"
    return f"{rule.algorithm}, {rule.cipher}{padding}, {rule.length_bytes} bytes {form}{around}"


def spelt(rule: MACRule) -> str:
    """Return the line of a dialect file that says *rule*."""
    pairs = [("algorithm", f'"{rule.algorithm}"'), ("cipher", f'"{rule.cipher}"')]
    pairs += [("padding", str(rule.padding)), ("length_bytes", str(rule.length_bytes))]
    pairs += [("encoding", f'"{rule.encoding}"'), ("covers_from", f'"{rule.covers_from}"')]
    return f"mac = {{ {', '.join(f'{name} = {value}' for name, value in pairs)} }}"


def _rule(
    name: Any, like: MACRule, padding: Any, length: int, encoding: Any, covers: Any
) -> MACRule | None:
    try:
        return MACRule(name, like.cipher, padding, length, encoding, covers_from=covers)
    except ConfigError:  # the parts do not go together
        return None


def _gives(mak: Key, envelope: Envelope, body: bytes, field: bytes, rule: MACRule) -> bool:
    head = {"mti": b"", "header": envelope.header, "tpdu": envelope.tpdu + envelope.header}
    try:
        tag = mac(mak, head[rule.covers_from] + body, rule)
    except CryptoError:  # a key of another length
        return False
    return tag.ljust(len(field), b"\0") == field
