"""Bugs that are put into the real code on purpose, from outside: a proof that finds none of them proves nothing.

The production code has no switch for them; each is a context manager that replaces a function for the
length of one run. Floor 10.
"""

from posrefund.testing.simulator.planted.books import BOOKS
from posrefund.testing.simulator.planted.closings import CLOSINGS
from posrefund.testing.simulator.planted.conclusions import CONCLUSIONS
from posrefund.testing.simulator.planted.inquiries import INQUIRIES
from posrefund.testing.simulator.planted.people import PEOPLE
from posrefund.testing.simulator.planted.plant import Planted
from posrefund.testing.simulator.planted.repeats import REPEATS

__all__ = ["PLANTED", "Planted"]

PLANTED = {
    bug.name: bug for bug in (*REPEATS, *CONCLUSIONS, *BOOKS, *PEOPLE, *CLOSINGS, *INQUIRIES)
}
"""By name."""
