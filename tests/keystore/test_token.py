"""A token: who gets in, and what happens when it is gone."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.crypto import Algorithm, Key, Purpose
from posrefund.errors import ConfigError
from posrefund.keystore import Token
from softhsm import PIN

if TYPE_CHECKING:
    from softhsm import SoftHSM

DOUBLE = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
"""Its check value 08D7B4 is printed in many manuals."""
RFC_4493 = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")


def kek(material: bytes = DOUBLE, algorithm: Algorithm = Algorithm.TDEA) -> Key:
    return Key(material, Purpose.KEK, algorithm)


def mak(material: bytes = DOUBLE, algorithm: Algorithm = Algorithm.TDEA) -> Key:
    return Key(material, Purpose.MAC, algorithm)


# --- opening ---------------------------------------------------------------------------------------


def test_import_of_the_key_stores_needs_no_extra() -> None:
    code = "import sys, posrefund.keystore; print('pkcs11' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("pin", [PIN, PIN.decode()])
def test_pin_is_taken_as_bytes_and_as_text(softhsm: SoftHSM, pin: bytes | str) -> None:
    with Token(softhsm.module, "till", pin) as token:
        assert token.keys() == []
        assert repr(token) == "Token('till')"


@pytest.mark.parametrize("pin", [b"999999", "", "9" * 300])
def test_wrong_pin_opens_nothing_and_is_shown_nowhere(softhsm: SoftHSM, pin: str) -> None:
    with pytest.raises(ConfigError, match=r"^the token 'till' refused the PIN$") as caught:
        Token(softhsm.module, "till", pin)

    error = caught.value
    assert error.__context__ is None
    assert vars(error) == {}
    frames = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [frame for frame in frames.stack if "posrefund" in frame.filename]
    assert ours
    for frame in ours:
        assert "pin" not in (frame.locals or {})
    softhsm.open().close()


def test_pin_that_is_no_text_is_a_config_error(softhsm: SoftHSM) -> None:
    with pytest.raises(ConfigError, match=r"^the PIN of a token is UTF-8 text$"):
        Token(softhsm.module, "till", b"\xff\xfe")


def test_open_token_does_not_keep_the_pin(token: Token) -> None:
    kept = [getattr(token, name) for name in Token.__slots__]

    assert PIN.decode() not in repr(kept)
    assert [value for value in kept if isinstance(value, bytes | str)] == ["till"]


def test_token_that_is_not_there_is_a_config_error(softhsm: SoftHSM) -> None:
    with pytest.raises(ConfigError, match=r"^the token 'office' is not there$"):
        softhsm.open("office")


def test_token_is_opened_once_in_a_process(softhsm: SoftHSM, token: Token) -> None:
    """PKCS#11 logs the process in: a second log-in would not look at its PIN, and log both out."""
    with pytest.raises(ConfigError, match="is open in this process already: share that one"):
        softhsm.open()
    assert token.keys() == []
    token.close()
    with softhsm.open() as again:
        assert again.keys() == []


def test_two_tokens_are_open_at_once_and_share_nothing(softhsm: SoftHSM) -> None:
    softhsm.make("office")
    with softhsm.open() as till, softhsm.open("office") as office:
        till.store(kek(), "tmk", test_keys=True)

        assert list(map(repr, till.keys())) == ["TokenKey('tmk', KEK, KCV 08D7B4)"]
        assert office.keys() == []


def test_closed_token_says_so_and_closes_again(token: Token) -> None:
    key = token.store(kek(), "tmk", test_keys=True)
    token.close()
    token.close()
    uses: list[Any] = [token.keys, lambda: token.key("tmk"), lambda: key.decrypt_key(bytes(8))]
    for use in uses:
        with pytest.raises(ConfigError, match=r"^the token 'till' was closed$"):
            use()


def test_lost_session_says_so_and_is_opened_again(softhsm: SoftHSM, token: Token) -> None:
    key = token.store(kek(), "tmk", test_keys=True)
    mac_key = token.store(mak(), "mak", test_keys=True)
    softhsm.lose_sessions()
    uses: list[Any] = [
        token.keys,
        lambda: token.key("tmk"),
        lambda: key.decrypt_key(bytes(8)),
        lambda: mac_key.cmac(b""),
        lambda: token.store(kek(), "other", test_keys=True),
    ]
    for use in uses:
        with pytest.raises(ConfigError, match="session with the token 'till' was lost") as caught:
            use()
        assert caught.value.__context__ is None
    token.close()
    with softhsm.open() as again:
        assert len(again.keys()) == 2


def test_module_that_is_none_is_a_config_error(softhsm: SoftHSM) -> None:
    no_modules: list[Any] = ["/nowhere/module.so", __file__, "", "a\0b", 7, None]
    for module in no_modules:
        with pytest.raises(ConfigError, match="the PKCS#11 module cannot be loaded"):
            Token(module, "till", PIN)


@pytest.mark.parametrize("label", ["", "a\nb", "x" * 65, "\ud800"])
def test_label_that_is_none_is_a_config_error(token: Token, label: str) -> None:
    uses: list[Any] = [lambda: token.key(label), lambda: token.store(kek(), label, test_keys=True)]
    for use in uses:
        with pytest.raises(ConfigError, match="has a label of 1 to 64 printable characters"):
            use()


def test_token_is_neither_copied_nor_pickled(token: Token) -> None:
    key = token.store(kek(), "tmk", test_keys=True)
    for each in (token, key):
        for way in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot be pickled or copied"):
                way(each)


def test_threads_take_turns(token: Token) -> None:
    key = token.store(mak(RFC_4493, Algorithm.AES), "mak", test_keys=True)
    right = key.cmac(b"one message")
    found: list[bytes] = []

    def work() -> None:
        found.extend(key.cmac(b"one message") for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [right] * 200
