"""The keys of a sign-in: all of them or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plain_des
from posrefund.crypto import (
    UNIONPAY_SIGN_IN,
    Key,
    KeySet,
    Purpose,
    SignInRule,
    WeakKeyWarning,
    kcv,
    mac,
    unwrap_key,
    unwrap_key_set,
    verify,
    wrap_key,
)
from posrefund.errors import InvalidKeyError, KeyUsageError
from published import by_name, known_answers

TMK = bytes.fromhex("CA5D92598DCA48CE8A4C76361A9269E9")
KEK = Key(TMK, Purpose.KEK)
DE62 = bytes.fromhex(
    "6701EAD6A9AD51E51AA406E2C27FCFA98D0A74B8B651F9E9BACE9AE10000000000000000AB7153CA"
)
PIK, MAK, TDK = (
    bytes.fromhex("807A23AD32B36D457AE91FDF927570EA"),
    bytes.fromhex("55036372B17543ECB173730768B8D6C4"),
    bytes.fromhex("C7D50808A7DFFE62B9943B45A4C77FC7"),
)
WHOLE_SET = "the whole set is refused$"


def part(key: bytes, *, tmk: bytes = TMK, width: int = 0) -> bytes:
    """One wrapped key and its check value, made by the oracle."""
    return plain_des.encrypt(tmk, key).ljust(width, b"\0") + plain_des.encrypt(key, bytes(8))[:4]


def cases(table: str) -> pytest.MarkDecorator:
    rows = known_answers("unionpay", table)
    return pytest.mark.parametrize("case", [pytest.param(row, id=row["name"]) for row in rows])


# --- a set that was replaced -----------------------------------------------------------------------


def test_replaced_set_verifies_and_does_nothing_else() -> None:
    block = part(PIK) + part(MAK) + part(TDK)
    whole = unwrap_key_set(KEK, block)
    tag = plain_des.unionpay_mac(MAK, b"an answer")
    old = whole.verify_only()

    assert old.key_set_id == whole.key_set_id
    verify(old.mak, b"an answer", tag)
    with pytest.raises(KeyUsageError):
        mac(old.mak, b"an answer")
    for closed in (old.pik, old.tdk, whole.pik, whole.mak, whole.tdk):
        assert closed is not None
        with pytest.raises(InvalidKeyError, match="closed"):
            closed.use(closed.purpose, "this test")


def test_a_set_is_verify_only_once() -> None:
    old = unwrap_key_set(KEK, DE62).verify_only()
    with pytest.raises(KeyUsageError):
        old.verify_only()


def test_closed_set_holds_no_key() -> None:
    keys = unwrap_key_set(KEK, DE62)
    keys.close()
    with pytest.raises(InvalidKeyError, match="closed"):
        mac(keys.mak, b"")
    assert keys.key_set_id == "8D0A74-AB7153"


# --- one key ---------------------------------------------------------------------------------------


@cases("unwrap")
def test_unwrapped_key_is_the_published_one(case: dict[str, str]) -> None:
    kek, wrapped, clear = (bytes.fromhex(case[name]) for name in ("kek", "wrapped", "clear"))
    key = unwrap_key(Key(kek, Purpose.KEK), wrapped, Purpose.MAC)

    assert key.use(Purpose.MAC, "a test") == clear == plain_des.decrypt(kek, wrapped)
    assert wrap_key(Key(kek, Purpose.KEK), key) == wrapped


@given(st.binary(min_size=16, max_size=16), st.sampled_from((8, 16, 24)), st.data())
def test_wrapped_key_unwraps_to_itself(kek: bytes, size: int, data: st.DataObject) -> None:
    material = data.draw(st.binary(min_size=size, max_size=size))
    tmk = Key(kek, Purpose.KEK, allow_weak=True)
    wrapped = wrap_key(tmk, Key(material, Purpose.MAC))

    assert wrapped == plain_des.encrypt(kek, material)
    assert unwrap_key(tmk, wrapped, Purpose.MAC).use(Purpose.MAC, "a test") == material


@pytest.mark.parametrize("size", [size for size in range(41) if size not in (8, 16, 24)])
def test_wrapped_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(InvalidKeyError, match=r"^a wrapped key has 8, 16 or 24 bytes$"):
        unwrap_key(KEK, bytes(size), Purpose.MAC)


def test_wrapped_pin_key_that_is_single_des_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match=r"^a PIN key must not be single DES"):
        unwrap_key(KEK, plain_des.encrypt(TMK, PIK[:8] * 2), Purpose.PIN)


# --- a whole set -----------------------------------------------------------------------------------


@cases("key_set")
def test_key_set_is_the_published_one(case: dict[str, str]) -> None:
    tmk, de62, pik, mak = (bytes.fromhex(case[name]) for name in ("tmk", "de62", "pik", "mak"))
    is_weak = tmk == b"D" * 16
    keys = unwrap_key_set(Key(tmk, Purpose.KEK, allow_weak=is_weak), de62)

    assert keys.pik.use(Purpose.PIN, "a test") == pik
    assert keys.mak.use(Purpose.MAC, "a test") == mak
    assert keys.tdk is None
    assert keys.key_set_id == f"{case['pik_kcv'][:6]}-{case['mak_kcv'][:6]}"
    for key, check in ((pik, case["pik_kcv"]), (mak, case["mak_kcv"])):
        assert plain_des.encrypt(key, bytes(8)).hex().upper().startswith(check)


def test_key_set_of_a_published_sign_in_opens_from_its_message() -> None:
    tmk = Key(b"D" * 16, Purpose.KEK, allow_weak=True)
    de62 = by_name("signin_0810_response_40byte_keys_cib").fields["62"]

    assert unwrap_key_set(tmk, bytes.fromhex(de62)).key_set_id == "12922D-DCF475"


def test_key_set_of_twenty_four_bytes_holds_single_length_keys() -> None:
    keys = unwrap_key_set(KEK, part(PIK[:8]) + part(MAK[:8]))

    assert keys.pik.use(Purpose.PIN, "a test") == PIK[:8]
    assert keys.mak.use(Purpose.MAC, "a test") == MAK[:8]


def test_key_set_of_forty_bytes_holds_double_length_keys() -> None:
    keys = unwrap_key_set(KEK, part(PIK) + part(MAK))

    assert keys.mak.use(Purpose.MAC, "a test") == MAK
    assert keys.tdk is None


def test_key_set_of_sixty_bytes_holds_a_track_key_too() -> None:
    keys = unwrap_key_set(KEK, part(PIK) + part(MAK[:8], width=16) + part(TDK))

    assert keys.mak.use(Purpose.MAC, "a test") == MAK[:8]
    assert keys.tdk is not None
    assert keys.tdk.use(Purpose.DATA, "a test") == TDK
    assert keys.tdk.purpose is Purpose.DATA


@given(*[st.binary(min_size=16, max_size=16)] * 2, st.binary(min_size=8, max_size=8), st.booleans())
def test_key_set_made_by_the_oracle_opens_or_is_refused_for_weak_keys(
    pik: bytes, mak: bytes, other: bytes, is_single: bool
) -> None:
    mak = other if is_single else mak
    block = part(pik) + part(mak, width=16)
    try:
        keys = unwrap_key_set(KEK, block)
    except InvalidKeyError:
        one, other, tmk = (bytes(b & 0xFE for b in key) for key in (pik, mak, TMK))
        is_weak = any(key[:8] == key[8:] for key in (one, other))
        assert is_weak or len({one, other, tmk}) < 3
        return
    assert keys.pik.use(Purpose.PIN, "a test") == pik
    assert keys.mak.use(Purpose.MAC, "a test") == mak


@pytest.mark.parametrize("size", [size for size in range(101) if size not in (24, 40, 60)])
def test_key_set_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(InvalidKeyError, match=r"^DE62 of a sign-in has 24, 40 or 60 bytes$"):
        unwrap_key_set(KEK, (DE62 * 3)[:size])


def test_key_set_with_any_byte_changed_in_any_way_is_refused_whole() -> None:
    assert unwrap_key_set(KEK, DE62).key_set_id == "8D0A74-AB7153"
    for place in range(40):
        label = "PIK" if place < 20 else "MAK"
        for mask in (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF):
            wrong = bytearray(DE62)
            wrong[place] ^= mask
            with pytest.raises(InvalidKeyError, match=rf"^{label} of the sign-in .* {WHOLE_SET}"):
                unwrap_key_set(KEK, bytes(wrong))


@pytest.mark.parametrize(
    "block",
    [
        DE62[20:] + DE62[:20],  # whole parts swapped: the filler of the MAK stands in the PIK
        DE62[:16] + DE62[36:] + DE62[20:36] + DE62[16:20],  # check values swapped
        DE62[20:36] + DE62[16:20] + DE62[:16] + DE62[36:],  # keys swapped
        bytes(40),
        bytes(24),
        bytes(60),
        b"\xff" * 40,
    ],
)
def test_key_set_with_its_parts_swapped_or_blank_is_refused(block: bytes) -> None:
    with pytest.raises(InvalidKeyError, match=WHOLE_SET):
        unwrap_key_set(KEK, block)


def test_key_set_of_double_length_keys_swapped_opens_for_nothing_tells_them_apart() -> None:
    """Known: each part carries its own check value, and no part says whose it is."""
    keys = unwrap_key_set(KEK, part(MAK) + part(PIK))

    assert keys.pik.use(Purpose.PIN, "a test") == MAK


@pytest.mark.parametrize(
    "block",
    [
        part(PIK) + part(PIK),
        part(PIK) + part(TMK),
        part(TMK) + part(MAK),
        part(PIK) + part(MAK) + part(MAK),
        part(PIK) + part(MAK) + part(PIK),
        part(PIK) + part(MAK) + part(TMK),
        part(PIK[:8]) + part(PIK[:8]),
    ],
)
def test_key_set_with_two_equal_keys_is_refused(block: bytes) -> None:
    with pytest.raises(InvalidKeyError, match=r"^two keys of the sign-in are the same"):
        unwrap_key_set(KEK, block)


def test_key_set_with_a_pin_or_track_key_of_equal_halves_is_refused() -> None:
    weak = PIK[:8] * 2
    for block in (part(weak) + part(MAK), part(PIK) + part(MAK) + part(weak)):
        for rule in (UNIONPAY_SIGN_IN, SignInRule(equal_halves_mak=True)):
            with pytest.raises(
                InvalidKeyError, match=r"is single DES in disguise; the whole set is refused$"
            ):
                unwrap_key_set(KEK, block, rule)


def test_mac_key_of_equal_halves_is_taken_by_a_switch_only_and_with_a_warning() -> None:
    """The one of q.cnblogs.com/q/128930 is such a key."""
    weak = bytes.fromhex("0723C80DB5F4CD3D" * 2)
    hidden = weak[:15] + b"\x3c"  # another parity bit is the same DES key
    for mak in (weak, hidden):
        with pytest.raises(
            InvalidKeyError, match=r"^MAK of the sign-in is single DES in disguise;"
        ):
            unwrap_key_set(KEK, part(PIK) + part(mak))
        with pytest.warns(WeakKeyWarning, match=r"^MAK of the sign-in is single DES in") as caught:
            keys = unwrap_key_set(KEK, part(PIK) + part(mak), SignInRule(equal_halves_mak=True))
        assert keys.mak.use(Purpose.MAC, "a test") == mak
        assert len(caught) == 1
        assert caught[0].filename == __file__


def test_parity_is_ignored_unless_the_rule_minds() -> None:
    """PIK and MAK from above, each byte made odd by its last bit."""
    pik = bytes.fromhex("807A23AD32B36D457AE91FDF927570EA")
    mak = bytes.fromhex("54026273B07543ECB073730768B9D6C4")
    block = part(pik) + part(mak)
    strict = SignInRule(strict_parity=True)

    for rule in (UNIONPAY_SIGN_IN, strict):
        assert unwrap_key_set(KEK, block, rule).pik.use(Purpose.PIN, "a test") == pik
    for place in (0, 15, 16, 31):
        keys = bytearray(pik + mak)
        keys[place] ^= 1
        block = part(bytes(keys[:16])) + part(bytes(keys[16:]))
        assert unwrap_key_set(KEK, block).key_set_id
        name = "PIK" if place < 16 else "MAK"
        with pytest.raises(
            InvalidKeyError, match=rf"^{name} of the sign-in has a byte of even par"
        ):
            unwrap_key_set(KEK, block, strict)


def test_keys_that_differ_in_parity_only_are_the_same() -> None:
    twin = bytes(byte ^ 1 for byte in PIK)
    for block in (part(PIK) + part(twin), part(PIK) + part(MAK) + part(twin)):
        with pytest.raises(InvalidKeyError, match=r"^two keys of the sign-in are the same"):
            unwrap_key_set(KEK, block)


def test_key_set_under_another_tmk_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match=WHOLE_SET):
        unwrap_key_set(Key(MAK, Purpose.KEK), DE62)


def test_key_set_is_refused_to_a_key_that_is_no_tmk() -> None:
    for purpose in (Purpose.PIN, Purpose.MAC, Purpose.DATA):
        with pytest.raises(KeyUsageError):
            unwrap_key_set(Key(TMK, purpose), DE62)


@given(st.binary(max_size=100))
def test_key_set_of_any_bytes_is_refused(block: bytes) -> None:
    with pytest.raises(InvalidKeyError) as caught:
        unwrap_key_set(KEK, block)

    assert len(caught.value.kcv) <= 6


def test_key_set_shows_check_values_only() -> None:
    keys = KeySet(Key(PIK, Purpose.PIN), Key(MAK, Purpose.MAC), Key(TDK, Purpose.DATA))

    checks = [kcv(key, length_bytes=3).hex().upper() for key in (PIK, MAK, TDK)]
    assert keys.key_set_id == "-".join(checks)
    assert KeySet(keys.pik, keys.mak).key_set_id == "-".join(checks[:2])
    for key in (PIK, MAK, TDK):
        assert key.hex().upper() not in repr(keys).upper()
