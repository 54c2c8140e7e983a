"""``Token``: an open session with one PKCS#11 token, an HSM or SoftHSM2. Floor 5.

Keys are stored in it and used in it; nothing reads one out. PKCS#11 logs a whole process in, so a token is
opened once in a process and the object shared; threads take turns. The PIN is not kept: a session that
was lost is opened again by whoever has it. Decision 0023.
"""

from __future__ import annotations

import threading
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar, final

from posrefund.closed import closed_class
from posrefund.crypto import Algorithm, Purpose, is_well_known
from posrefund.errors import ConfigError, InvalidKeyError, KeyUsageError, PosRefundError
from posrefund.keystore._pkcs11 import Handle, checked_label, library, template, translated
from posrefund.keystore.token_key import ABILITIES_OF, TEST_NOTE, TokenKey, read_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from posrefund.crypto import Key, MACRule

__all__ = ["Token"]

_Result = TypeVar("_Result")
_TDEA_KINDS = {16: "DES2", 24: "DES3"}


@final
@closed_class
class Token:
    """An open token.

    Args:
        module: The vendor's PKCS#11 library.
        label: Of the token, as it was initialised.
        pin: The user's PIN; neither kept nor shown.

    Raises:
        ConfigError: The extra ``hsm`` is not installed, the module is none, no token has that label, it
            is open in this process already, or it refused the PIN.

    Example:
        >>> from posrefund.keystore import Token
        >>> with Token("/usr/lib/softhsm/libsofthsm2.so", "till", b"1234") as token:  # doctest: +SKIP
        ...     print(token.keys())
        [TokenKey('tmk', KEK, KCV 08D7B4)]
    """

    __slots__ = ("_busy", "_pkcs11", "_session", "label")

    def __init__(self, module: str | PathLike[str], label: str, pin: bytes | str) -> None:
        self._busy = threading.Lock()
        self._session: Any = None
        self.label = checked_label(label, "a token")
        self._pkcs11 = library()
        refusal = self._open(module, pin)
        del pin  # a traceback with locals shows this frame
        if refusal is not None:
            raise refusal

    def _open(self, module: str | PathLike[str], pin: bytes | str) -> PosRefundError | None:
        try:
            found = self._pkcs11.lib(fspath(module))
        except (self._pkcs11.PKCS11Error, TypeError, ValueError):
            return ConfigError("the PKCS#11 module cannot be loaded: is its path right?")
        try:
            pin_text = pin if isinstance(pin, str) else pin.decode("utf-8")
            token = found.get_token(token_label=self.label)
            self._session = token.open(rw=True, user_pin=pin_text)
        except self._pkcs11.PKCS11Error as error:
            return translated(error, self.label, "being opened")
        except UnicodeError:
            return ConfigError("the PIN of a token is UTF-8 text")
        return None

    def store(
        self, key: Key, label: str, rule: MACRule | None = None, *, test_keys: bool = False
    ) -> TokenKey:
        """Bring *key* into the token: it cannot be read out again, and does only what its purpose needs.

        Args:
            key: A KEK or a MAC key; close it afterwards.
            label: What it will be called there.
            rule: For a MAC key of HMAC: PKCS#11 tells those from keys of AES.
            test_keys: Take a published key; the token says so of it for ever.

        Raises:
            KeyUsageError: The key is for something that is not done in a token.
            InvalidKeyError: Single DES, published, too short for this token, or it computes another check
                value.
            ConfigError: The token has a key of that label, cannot be written, or does not know such keys.
        """
        if key.purpose not in ABILITIES_OF:
            raise KeyUsageError(key.purpose, "a token")
        kind, note = _kind(key, rule), _note(key, test_keys=test_keys)
        if self.find(checked_label(label, "a key")):
            raise ConfigError(f"the token {self.label!r} has a key {label!r} already")
        made = self.run(
            lambda session: self._made(session, key, label, kind, note), "storing", label
        )
        try:
            return self._proven(made, key, label)
        except PosRefundError:
            self.run(lambda _: made.found.destroy(), "removing", label)
            raise

    def _proven(self, made: Handle, key: Key, label: str) -> TokenKey:
        """Use the new key once: what the token cannot do is found now, not at the counter."""
        stored = self._read(made)
        if stored is None or stored.kcv_hex != key.kcv_hex:
            reason = f"the token {self.label!r} has another check value for {label!r}"
            raise InvalidKeyError(reason, kcv=key.kcv_hex)
        stored.try_once()
        return stored

    def _made(self, session: Any, key: Key, label: str, kind: str, note: bytes) -> Handle:
        names = self._pkcs11.Attribute
        fixed = template(self._pkcs11, label, ABILITIES_OF[key.purpose], note)
        return Handle(
            session.create_object(
                fixed
                | {
                    names.CLASS: self._pkcs11.ObjectClass.SECRET_KEY,
                    names.KEY_TYPE: self._pkcs11.KeyType[kind],
                    names.VALUE: key.use(key.purpose, "storing in a token"),
                }
            )
        )

    def key(self, label: str) -> TokenKey:
        """Return the key of that label.

        Raises:
            ConfigError: The token has none, or the session was lost.
            InvalidKeyError: It has several, or that key may do more than one purpose needs, or may be
                read out.
        """
        found = self.find(checked_label(label, "a key"))
        if not found:
            raise ConfigError(f"the token {self.label!r} has no key {label!r}")
        key = self._read(found[0]) if len(found) == 1 else None
        if key is None:
            reason = f"{label!r} in the token {self.label!r} is not one key that stays there, for one purpose"
            raise InvalidKeyError(reason)
        return key

    def keys(self) -> list[TokenKey]:
        """Return the keys that this library can use, by label; others in the token are left out.

        Raises:
            ConfigError: The session was lost.
        """
        read = [self._read(each) for each in self.find()]
        return sorted((key for key in read if key), key=lambda key: key.label)

    def run(self, operation: Callable[[Any], _Result], wanted: str, key: str = "") -> _Result:
        """Run *operation* on the session, one at a time; for ``posrefund.keystore`` alone.

        Raises:
            ConfigError: The token was closed, its session lost, or it cannot do what is *wanted*.
            InvalidKeyError: The token refused what it was given.
            KeyUsageError: The token does not let that key do it.
        """
        with self._busy:
            if self._session is None:
                raise ConfigError(f"the token {self.label!r} was closed")
            try:
                return operation(self._session)
            except self._pkcs11.PKCS11Error as error:
                refusal = translated(error, self.label, wanted, key)
        raise refusal

    def mechanism(self, name: str) -> Any:
        """Return what PKCS#11 calls a mechanism; for ``posrefund.keystore`` alone."""
        return self._pkcs11.Mechanism[name]

    def find(self, label: str = "", note: bytes = b"") -> list[Handle]:
        """Return the secret keys of that label and note; for ``posrefund.keystore`` alone, as ``run``."""
        names = self._pkcs11.Attribute
        wanted = {names.CLASS: self._pkcs11.ObjectClass.SECRET_KEY, names.TOKEN: True}
        if label:
            wanted[names.LABEL] = label
        if note:
            wanted[names.ID] = note

        def found(session: Any) -> list[Handle]:
            session.generate_random(64)  # or the search of a lost session complains when collected
            return [Handle(each) for each in session.get_objects(wanted)]

        return self.run(found, "a search", label)

    def _read(self, found: Handle) -> TokenKey | None:
        return self.run(lambda _: read_key(self, self._pkcs11, found), "reading")

    def close(self) -> None:
        """Log out and close the session; its keys say so when they are used again."""
        with self._busy:
            session, self._session = self._session, None
            if session is not None:
                try:
                    session.close()
                except self._pkcs11.PKCS11Error:
                    return  # lost already: nothing is open

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Token({self.label!r})"

    def __reduce__(self) -> NoReturn:
        message = "a token cannot be pickled or copied"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


def _note(key: Key, *, test_keys: bool) -> bytes:
    """Return what stands in CKA_ID: the check value, and whether the key was published."""
    note = bytes.fromhex(key.kcv_hex)
    if not is_well_known(key):
        return note
    if not test_keys:
        reason = "the key was published: a token takes it as a test key only"
        raise InvalidKeyError(reason, kcv=key.kcv_hex)
    return note + TEST_NOTE


def _kind(key: Key, rule: MACRule | None) -> str:
    """Return what PKCS#11 calls such keys."""
    length_bytes = len(key.use(key.purpose, "storing in a token"))
    match key.algorithm:
        case Algorithm.SM4:
            raise ConfigError("PKCS#11 has no name for SM4")
        case Algorithm.AES:
            of_hmac = rule is not None and rule.algorithm == "hmac-sha256"
            return "GENERIC_SECRET" if of_hmac and key.purpose is Purpose.MAC else "AES"
        case Algorithm.TDEA:
            if length_bytes not in _TDEA_KINDS:
                reason = "a TDEA key in a token has 16 or 24 bytes"
                raise InvalidKeyError(reason, kcv=key.kcv_hex)
            return _TDEA_KINDS[length_bytes]
