"""Certification: what an acquirer asks of a terminal, run against its host, with the evidence. Floor 10.

``certify`` plays the scripted cases against a host, whatever it is, and says what it did otherwise than the profile;
``find_switches`` finds out what the profile should say; ``evidence`` makes the files for the acquirer.
"""

from posrefund.certify.cases import CASES, Case
from posrefund.certify.finding import CaseResult, Finding, Verdict
from posrefund.certify.pack import evidence, results_data
from posrefund.certify.run import Certification, certify
from posrefund.certify.subject import Subject
from posrefund.certify.switches import Seen, Switch, find_switches, fragment
from posrefund.certify.trace import Step

__all__ = [
    "CASES",
    "Case",
    "CaseResult",
    "Certification",
    "Finding",
    "Seen",
    "Step",
    "Subject",
    "Switch",
    "Verdict",
    "certify",
    "evidence",
    "find_switches",
    "fragment",
    "results_data",
]
