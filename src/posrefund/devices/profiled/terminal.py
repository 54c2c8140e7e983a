"""One driver for all terminals that a profile describes. Floor 6.

It sends a question that moves money once, and believes an answer only if its check, its form and all that it repeats
are right. It keeps no memory between two questions and refuses what the profile cannot.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.closed import closed_class
from posrefund.devices.contract import DeviceVoid
from posrefund.devices.line import DeviceLine
from posrefund.devices.profiled.judge import in_doubt, judge, read
from posrefund.devices.reasons import reason_of_error
from posrefund.devices.results import DeviceNotSent, DeviceReason
from posrefund.engine.refusals import refuse
from posrefund.errors import (
    ConfigError,
    InvalidRequestError,
    PosRefundError,
    RemoteProtocolError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.devices.contract import Can, DeviceRefund, DeviceRequest
    from posrefund.devices.profiled.profile import Operation, Profile
    from posrefund.devices.results import DeviceResult
    from posrefund.link import Stream

__all__ = ["ProfiledTerminal"]

_PROGRESS_MAX = 200
"""A terminal that only says that it is at work is given up."""

_UNFIT = MappingProxyType(
    {
        "amount": DeviceReason.AMOUNT,
        "currency": DeviceReason.CURRENCY,
        "reference": DeviceReason.ORIGINAL_NOT_FOUND,
    }
)
_SAYS_NOTHING = "this kind of device does not say how its last transaction ended"
_SAME = "its last sale is the one asked about; whether it was undone the device does not say"
_ANOTHER = "its last sale is another one"
_NONE = "it told of no last sale"


@closed_class
class ProfiledTerminal:
    """An integrated terminal of a family.

    The line is opened for each question and closed behind it, so that a late answer meets nobody.

    Args:
        stream: To the device: a serial port, or TCP where the profile says so.
        profile: What is known of it.
        settings: What the till says of itself, where it is not the profile's default.
        answer_s: How long an answer may take, in seconds; None for the profile's time.

    Raises:
        ConfigError: The profile knows no such setting, or not in that form.

    Example:
        >>> from posrefund.devices import DeviceRefund, ProfiledTerminal, profile
        >>> from posrefund.emulators.concert import ConcertTerminal
        >>> from posrefund.emulators.device import DeviceServer
        >>> from posrefund.testing import pipe
        >>> from posrefund.values import Amount, RequestID
        >>> near, far = pipe()
        >>> terminal = ProfiledTerminal(near, profile("concert"))
        >>> with DeviceServer(ConcertTerminal(), far):
        ...     result = terminal.refund(DeviceRefund(RequestID("R1"), Amount(1234, "978")))
        >>> type(result).__name__, result.raw_code
        ('DeviceApproved', '0')
    """

    def __init__(
        self,
        stream: Stream,
        profile: Profile,
        settings: Mapping[str, str] | None = None,
        *,
        answer_s: float | None = None,
    ) -> None:
        self._profile = profile
        self._settings = _checked(profile, settings or {})
        self._answer_s = profile.patience.answer_s if answer_s is None else answer_s
        self._line = DeviceLine(stream, profile.talk, inter_byte_s=profile.patience.inter_byte_s)

    @property
    def can(self) -> Can:
        """What the profile says that it can do."""
        return self._profile.can

    def refund(self, request: DeviceRefund) -> DeviceResult:
        """Give money back.

        Raises:
            RefusedError: This kind of device cannot (``device_cannot``); nothing was sent.
        """
        return self._move(self._profile.refund, request)

    def void(self, request: DeviceVoid) -> DeviceResult:
        """Undo a transaction of the open batch.

        Raises:
            RefusedError: This kind of device cannot (``device_cannot``); nothing was sent.
        """
        return self._move(self._profile.void, request)

    def recover(self, request: DeviceRequest) -> DeviceResult:
        """Ask what the device knows of its last transaction; it moves nothing.

        Returns:
            ``DeviceInDoubt`` always: none of these families says how a refund or a void ended. What it does say
            is in ``seen``, for people.
        """
        operation = self._profile.last
        if operation is None:
            return in_doubt(request, DeviceReason.UNKNOWN, _SAYS_NOTHING)
        asked = self._asked(request)
        try:
            self._line.open(self._profile.patience.open_s)
            body = self._answer(operation.request.write(asked), moves_money=False)
        except PosRefundError as error:
            return in_doubt(request, reason_of_error(error), str(error))
        finally:
            self._line.close()
        found = read(operation, asked, body)
        if found is None or self._profile.meaning(found.code).kind != "approved":
            return in_doubt(request, DeviceReason.UNKNOWN, _NONE)
        return in_doubt(request, DeviceReason.UNKNOWN, _ANOTHER if found.differing else _SAME)

    def cancel(self) -> None:
        """End the conversation from any thread; whoever waits gets his result within half a second."""
        self._line.cancel()

    def close(self) -> None:
        """Hang up; harmless when it is closed already."""
        self._line.close()

    # --- inside ------------------------------------------------------------------------------

    def _move(self, operation: Operation | None, request: DeviceRequest) -> DeviceResult:
        if operation is None:
            raise refuse("device_cannot")
        asked = self._asked(request)
        if self._profile.currencies and request.amount.currency not in self._profile.currencies:
            return self._not_sent(request, DeviceReason.CURRENCY)
        try:
            question = operation.request.write(asked)
        except InvalidRequestError as unfit:
            return self._not_sent(request, _UNFIT.get(unfit.faults[0][0], DeviceReason.PROTOCOL))
        try:
            return self._converse(operation, request, asked, question)
        finally:
            self._line.close()

    def _converse(
        self,
        operation: Operation,
        request: DeviceRequest,
        asked: Mapping[str, str],
        question: bytes,
    ) -> DeviceResult:
        try:
            self._line.open(self._profile.patience.open_s)
            self._poll()
        except PosRefundError as error:
            return self._not_sent(request, reason_of_error(error))
        try:
            body = self._answer(question, moves_money=True)
        except PosRefundError as error:
            if error.effect == "nothing_sent":
                return self._not_sent(request, reason_of_error(error))
            return in_doubt(request, reason_of_error(error), str(error))
        return judge(self._profile, operation, asked, request, body)

    def _poll(self) -> None:
        """Ask whether somebody is there, while asking is harmless."""
        if self._profile.poll:
            self._line.ask(self._profile.poll, answer_s=self._answer_s)
            self._line.finish()

    def _answer(self, question: bytes, *, moves_money: bool) -> bytes:
        self._line.ask(question, answer_s=self._answer_s, moves_money=moves_money)
        progress = self._profile.progress
        for _ in range(_PROGRESS_MAX):
            body = self._line.receive()
            if not (progress and body.startswith(progress)):
                return body
        error = RemoteProtocolError("the device is at work without end")
        error.effect = self._line.effect
        raise error

    def _asked(self, request: DeviceRequest) -> Mapping[str, str]:
        return {
            **self._settings,
            "amount": str(request.amount.minor),
            "currency": request.amount.currency,
            "reference": request.reference if isinstance(request, DeviceVoid) else "",
        }

    def _not_sent(self, request: DeviceRequest, reason: DeviceReason) -> DeviceNotSent:
        return DeviceNotSent(
            request_id=str(request.request_id), amount=request.amount, reason=reason
        )


def _checked(profile: Profile, given: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in given.items():
        known = profile.settings.get(name)
        if known is None or not known.field.fits(text):
            raise ConfigError(
                f"{profile.name}: expected a setting that it knows, in its form: {name}"
            )
    return {name: given.get(name, known.default) for name, known in profile.settings.items()}
