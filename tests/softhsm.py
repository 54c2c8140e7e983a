"""SoftHSM2, a PKCS#11 token in software: each test gets an empty one of its own.

The library reads its settings when it is initialised, so that is done again for every token. Where it is not
installed the tests say so and skip; ``POSREFUND_REQUIRE_SOFTHSM=1`` makes them fail instead.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from posrefund.keystore import Token
from posrefund.keystore._pkcs11 import library

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PIN", "SoftHSM", "softhsm", "token"]

PIN = b"271828"
_SO_PIN = "31415926"
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


def module() -> str:
    """Return the path of the library, ``""`` where there is none."""
    named = os.environ.get("POSREFUND_PKCS11")
    if named:
        return named
    multiarch = sorted(map(str, Path("/usr/lib").glob("*/softhsm/libsofthsm2.so")))
    return next((place for place in (*_PLACES, *multiarch) if Path(place).exists()), "")


def missing() -> str:
    """Say what is not installed, ``""`` if all is there."""
    if not module() or shutil.which("softhsm2-util") is None:
        return "SoftHSM2 is not installed (Debian: apt-get install softhsm2)"
    if importlib.util.find_spec("pkcs11") is None:
        return "python-pkcs11 is not installed: pip install 'posrefund[hsm]'"
    return ""


@dataclass
class SoftHSM:
    """A running SoftHSM2 with an empty token ``till``."""

    module: str

    def open(self, label: str = "till") -> Token:
        """Log in."""
        return Token(self.module, label, PIN)

    def lose_sessions(self) -> None:
        """Pull the plug: nothing that is open survives."""
        library().lib(self.module).reinitialize()

    def make(self, label: str) -> None:
        """Initialise one more token; nothing may be open."""
        pins = ("--pin", PIN.decode(), "--so-pin", _SO_PIN)
        command = ("softhsm2-util", "--module", self.module, "--init-token", "--free")
        subprocess.run([*command, "--label", label, *pins], check=True, capture_output=True)
        self.lose_sessions()

    def object(self, token: Token, label: str) -> Any:
        """Return what python-pkcs11 has of that label, past everything of ours."""
        (handle,) = token.find(label)
        return handle.found


@pytest.fixture
def softhsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHSM]:
    """SoftHSM2 with an empty token ``till``."""
    reason = missing()
    if reason and os.environ.get("POSREFUND_REQUIRE_SOFTHSM") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    folder = tmp_path / "softhsm"
    (folder / "tokens").mkdir(parents=True)
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(settings))
    made = SoftHSM(module())
    made.make("till")
    yield made
    made.lose_sessions()


@pytest.fixture
def token(softhsm: SoftHSM) -> Iterator[Token]:
    """The token, open."""
    with softhsm.open() as opened:
        yield opened
