"""What one UnionPay host reads and wants otherwise than the next, put into its tables. Floor 9."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from posrefund.emulators.host.inquiry import UNIONPAY_INQUIRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posrefund.emulators.host.dialects import HostDialect, MessageRule
    from posrefund.emulators.host.dialects.definition import Spec
    from posrefund.emulators.host.profile import HostProfile

__all__ = ["filled_with", "with_choices"]

_NUMBER, _MAC = "2", "64"
_UPLOADS = ("upload_details", "upload_refund", "upload_end")


def with_choices(spoken: HostDialect, profile: HostProfile) -> HostDialect:
    """Return *spoken* as the host of *profile* speaks it: fillers, odd card numbers, inquiries, MACs of uploads."""
    more = UNIONPAY_INQUIRY if profile.takes_inquiries else {}
    rules = {key: _as_uploaded(rule, profile) for key, rule in {**spoken.rules, **more}.items()}
    spec = filled_with(spoken.spec, profile.pads[0])
    if profile.number_from == "right":
        number = {key: value for key, value in spec[_NUMBER].items() if key != "right_pad"}
        spec[_NUMBER] = {**number, "left_pad": "0"}
    return replace(spoken, rules=MappingProxyType(rules), spec=MappingProxyType(spec))


def filled_with(spec: Mapping[str, Spec], pad: str) -> dict[str, Spec]:
    """Return *spec* with *pad* behind an odd number of digits in each field that has a length."""
    return {
        number: {**rule, "right_pad": pad} if rule["len_type"] and "right_pad" in rule else rule
        for number, rule in spec.items()
    }


def _as_uploaded(rule: MessageRule, profile: HostProfile) -> MessageRule:
    if rule.kind not in _UPLOADS or profile.upload_mac == "none":
        return rule
    if profile.upload_mac == "taken":
        return replace(rule, optional=rule.optional | {_MAC})
    answer = (*rule.answer, _MAC)
    return replace(rule, mandatory=rule.mandatory | {_MAC}, answer=answer, is_signed=True)
