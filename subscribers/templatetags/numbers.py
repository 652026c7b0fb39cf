"""Numbers of subscribers as people read them."""

from django import template

from subscribers.identities import format_msisdn

register = template.Library()


@register.filter
def msisdn(digits: str) -> str:
    """`{{ device.msisdn|msisdn }}` → +49 151 0000 0001."""
    return format_msisdn(digits)
