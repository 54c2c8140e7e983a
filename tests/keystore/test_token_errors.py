"""What goes wrong with a token, told in our words; all of it without SoftHSM2."""

from __future__ import annotations

import struct
import sys
import threading
import traceback
from types import ModuleType
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError, PosRefundError
from posrefund.keystore import Token
from posrefund.keystore._pkcs11 import attribute, translated

PIN = "271828"


class PKCS11Error(RuntimeError):
    """As python-pkcs11 has it."""


def error(kind: str, text: str = "") -> Exception:
    """Return an error of python-pkcs11, by its name."""
    made: Exception = type(kind, (PKCS11Error,), {})(text)
    return made


def fake(*, at_load: Exception | None = None, at_open: Exception | None = None) -> ModuleType:
    """A python-pkcs11 whose module or token fails."""

    class Slot:
        def open(self, **_: object) -> NoReturn:
            raise at_open or AssertionError

    class Library:
        def get_token(self, **_: object) -> Slot:
            return Slot()

    def lib(path: str) -> Library:
        if at_load:
            raise at_load
        return Library()

    made: Any = ModuleType("pkcs11")
    made.PKCS11Error = PKCS11Error
    made.lib = lib
    return made  # type: ignore[no-any-return]  # reason: a module is given attributes here


def test_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(ConfigError, match=r"pip install 'posrefund\[hsm\]'$"):
        Token("/module.so", "till", PIN)


def test_module_that_cannot_be_loaded_is_a_config_error(monkeypatch: pytest.MonkeyPatch) -> None:
    failing = fake(at_load=PKCS11Error("OS exception while loading /secret/place.so"))
    monkeypatch.setitem(sys.modules, "pkcs11", failing)
    with pytest.raises(ConfigError, match=r"^the PKCS#11 module cannot be loaded") as caught:
        Token("/secret/place.so", "till", PIN)
    assert "secret" not in str(caught.value)


def test_wrong_path_is_a_config_error() -> None:
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    with pytest.raises(ConfigError, match=r"^the PKCS#11 module cannot be loaded"):
        Token("/nowhere/module.so", "till", PIN)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("PinIncorrect", "the token 'till' refused the PIN"),
        ("PinLocked", "the token 'till' has locked the PIN"),
        ("PinExpired", "the token 'till' wants a new PIN"),
        ("UserPinNotInitialized", "the token 'till' has no PIN yet"),
        ("UserAlreadyLoggedIn", "the token 'till' is open in this process already: share that one"),
        ("NoSuchToken", "the token 'till' is not there"),
        ("MultipleTokensReturned", "the token 'till' is not the only one of that label"),
        ("TokenNotPresent", "the session with the token 'till' was lost: open it again"),
        ("DeviceError", "the token 'till' failed (DeviceError): being opened"),
    ],
)
def test_token_that_does_not_open_is_a_config_error_and_keeps_the_pin_to_itself(
    monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", fake(at_open=error(kind, f"pin {PIN}")))
    pin = PIN
    with pytest.raises(ConfigError) as caught:
        Token("/module.so", "till", pin)

    assert str(caught.value) == said
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    ours = [frame for frame in frames if frame.filename.endswith("keystore/token.py")]
    assert ours
    assert not [frame for frame in ours if PIN in str(frame.locals)]


TOLD: list[tuple[str, str, type[PosRefundError], str]] = [
    (
        "SessionHandleInvalid",
        "",
        ConfigError,
        "the session with the token 'till' was lost: open it again",
    ),
    ("DeviceRemoved", "", ConfigError, "the session with the token 'till' was lost: open it again"),
    (
        "UserNotLoggedIn",
        "",
        ConfigError,
        "the session with the token 'till' was lost: open it again",
    ),
    (
        "MechanismInvalid",
        "",
        ConfigError,
        "the token 'till' cannot do decrypt by DES3_ECB with 'tmk'",
    ),
    (
        "SessionReadOnly",
        "",
        ConfigError,
        "the token 'till' cannot be written: decrypt by DES3_ECB with 'tmk'",
    ),
    (
        "KeyTypeInconsistent",
        "",
        KeyUsageError,
        "a token key cannot be used for decrypt by DES3_ECB with 'tmk'",
    ),
    (
        "PKCS11Error",
        "Unmapped error code 0x68",
        KeyUsageError,
        "a token key cannot be used for decrypt by DES3_ECB with 'tmk'",
    ),
    (
        "PKCS11Error",
        "Unmapped error code 0x1b",
        ConfigError,
        "the token 'till' failed (0x1b): decrypt by DES3_ECB with 'tmk'",
    ),
    (
        "EncryptedDataInvalid",
        "",
        InvalidKeyError,
        "the token 'till' refused the length or form: decrypt by DES3_ECB with 'tmk'",
    ),
    (
        "KeySizeRange",
        "",
        InvalidKeyError,
        "the token 'till' refused the length or form: decrypt by DES3_ECB with 'tmk'",
    ),
    (
        "GeneralError",
        "",
        ConfigError,
        "the token 'till' failed (GeneralError): decrypt by DES3_ECB with 'tmk'",
    ),
]


@pytest.mark.parametrize(("kind", "text", "ours", "said"), TOLD)
def test_error_of_a_key_names_token_mechanism_and_label(
    kind: str, text: str, ours: type[PosRefundError], said: str
) -> None:
    told = translated(error(kind, text), "till", "decrypt by DES3_ECB", "tmk")

    assert type(told) is ours
    assert str(told) == said


@given(
    st.sampled_from([kind for kind, *_ in TOLD] + ["PinIncorrect", "ArgumentsBad"]),
    st.binary(min_size=8),
)
def test_error_never_repeats_what_the_module_said(kind: str, value: bytes) -> None:
    canary = value.hex()
    told = translated(error(kind, f"refused {canary}"), "till", "a search")

    assert canary not in f"{told} {told.args} {vars(told)}"


@pytest.mark.parametrize(
    "raised",
    [error("AttributeTypeInvalid"), error("AttributeSensitive"), ValueError(), struct.error()],
)
def test_attribute_that_cannot_be_read_is_none(raised: Exception) -> None:
    names: Any = ModuleType("pkcs11")
    names.Attribute = type("Attribute", (), {"LABEL": 3})
    for kind in ("AttributeTypeInvalid", "AttributeSensitive"):
        same = type(raised) if type(raised).__name__ == kind else type(kind, (PKCS11Error,), {})
        setattr(names, kind, same)

    class Found:
        def __getitem__(self, _: object) -> NoReturn:
            raise raised

    assert attribute(names, Found(), "LABEL") is None


def test_lost_session_lets_the_next_thread_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that kept the token's turn would stop the till for good."""
    token = Token.__new__(Token)
    token._busy = threading.Lock()
    token._session = object()
    token._pkcs11 = fake()
    token.label = "till"

    def lost(_: object) -> NoReturn:
        raise error("DeviceRemoved")

    for _ in range(2):
        with pytest.raises(ConfigError, match="was lost"):
            token.run(lost, "a search")
    assert token.run(lambda _: 7, "a search") == 7
