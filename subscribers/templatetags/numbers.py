"""Numbers of subscribers as people read them."""

import re
from typing import Final

from django import template

from subscribers.identities import format_msisdn

register = template.Library()

_FULL_NUMBER: Final = re.compile(r"[1-9][0-9]{7,14}")
"""E.164 with its country code."""


@register.filter
def msisdn(digits: str) -> str:
    """`{{ device.msisdn|msisdn }}` → +49 151 0000 0001."""
    return format_msisdn(digits)


@register.filter
def dialled(number: str) -> str:
    """`{{ session.destination|dialled }}`: a full number in groups; short and other ones as is."""
    return format_msisdn(number) if number.isascii() and _FULL_NUMBER.fullmatch(number) else number
