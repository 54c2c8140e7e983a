"""Slips: one content, printed as text, as a printer's bytes, or as a picture. Floor 8."""

from posrefund.office.slips.build import slip_content
from posrefund.office.slips.content import Section, SignaturePlace, SlipContent, SlipLine
from posrefund.office.slips.escpos import as_escpos
from posrefund.office.slips.of_request import slip_of_request
from posrefund.office.slips.options import Copy, SlipOptions
from posrefund.office.slips.png import as_png
from posrefund.office.slips.settings import SlipSettings
from posrefund.office.slips.text import Columns, as_text

__all__ = [
    "Columns",
    "Copy",
    "Section",
    "SignaturePlace",
    "SlipContent",
    "SlipLine",
    "SlipOptions",
    "SlipSettings",
    "as_escpos",
    "as_png",
    "as_text",
    "slip_content",
    "slip_of_request",
]
