"""Filters and tags that every template has: amounts in words, icons, tones of states.

They are built-ins of the template engine: no `{% load %}` is needed. Amounts follow the open
tenant's gigabyte and time zone; the words themselves come from portal/formatting.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from django import template
from django.conf import settings
from django.forms import BaseForm, BaseFormSet
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from portal import formatting
from portal.tenancy.scope import ScopeRequired, current_tenant

register = template.Library()

NOTHING = "–"

SERVICE_ICONS = {"data": "world", "voice": "phone", "sms": "message", "money": "coin"}
OTHER_ICON = "bolt"
TOAST_ICONS = {
    "good": "circle-check",
    "warn": "alert-triangle",
    "bad": "alert-circle",
    "info": "info-circle",
}

_TONES = {
    "good": "published active success delivered normal enabled passed healthy connected live",
    "warn": "draft suspended grace quota_limit_reached low retrying paused expiring sandbox stale",
    "bad": (
        "failed denied exhausted end_user_service_denied rating_failed error unrated revoked"
        " quota_management_not_applicable_error barred blocked"
    ),
    "info": "scheduled open running sent pending pre_active queued online",
}
TONE_OF_STATE = {state: tone for tone, states in _TONES.items() for state in states.split()}


# ── amounts ──────────────────────────────────────────────────────────────────────────────────


def _gigabyte_base() -> int:
    try:
        return current_tenant().gigabyte_base
    except ScopeRequired:
        return 1024


def _zone() -> tzinfo:
    try:
        return current_tenant().zone
    except ScopeRequired:
        return UTC


@register.filter
def quantity(amount: int | None, unit: str) -> str:
    """`{{ bucket.available|quantity:bucket.unit }}` → 18.4 GB, 4 min 12 s, 3 SMS."""
    if amount is None:
        return NOTHING
    return formatting.format_quantity(amount, unit, gigabyte_base=_gigabyte_base())


@register.filter
def quantity_exact(amount: int | None, unit: str) -> str:
    """The same to the last octet, for limits, differences and titles."""
    if amount is None:
        return NOTHING
    return formatting.format_quantity_exact(amount, unit, gigabyte_base=_gigabyte_base())


@register.filter
def money(nano_units: int | None, currency: str) -> str:
    """`{{ bucket.available|money:"EUR" }}` → €19.90."""
    return NOTHING if nano_units is None else formatting.format_money(nano_units, currency)


@register.simple_tag
def amount(value: int | None, unit: str, currency: str = "", noun: str = "SMS") -> str:
    """`{% amount bucket.available bucket.unit account.currency %}`: money or units, as it is."""
    if value is None:
        return NOTHING
    if unit == "NANO_MONEY":
        return formatting.format_money(value, currency)
    return formatting.format_quantity(value, unit, gigabyte_base=_gigabyte_base(), noun=noun)


@register.filter
def whole(count: int | None) -> str:
    """`{{ subscribers|whole }}` → 12,840."""
    return NOTHING if count is None else f"{count:,}"


@register.filter
def percent(hundredths: int | None) -> str:
    """`{{ threshold.percent_hundredths|percent }}` → 12.5 %."""
    return NOTHING if hundredths is None else formatting.format_percent(hundredths)


@register.filter
def fill_of(part: int | None, whole: int | None) -> int:
    """`{{ bucket.available|fill_of:bucket.granted }}`: 0 to 100, for a meter."""
    return formatting.fill_percent(part or 0, whole or 0)


# ── times ────────────────────────────────────────────────────────────────────────────────────


@register.filter
def ago(at: datetime | None) -> str:
    """`{{ event.occurred_at|ago }}` → 2 min ago."""
    return NOTHING if at is None else formatting.format_ago(at, now=timezone.now())


@register.filter
def clock(at: datetime | None) -> str:
    """14:03:12 in the tenant's zone."""
    return NOTHING if at is None else formatting.format_time(at, zone=_zone())


@register.filter
def recent(at: datetime | None) -> str:
    """14:03 today, 2 Oct 14:03 on another day, in the tenant's zone."""
    if at is None:
        return NOTHING
    local, today = at.astimezone(_zone()), timezone.now().astimezone(_zone()).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local.day} {local:%b %H:%M}"


@register.filter
def day(at: datetime | None) -> str:
    """2 Oct 2026 in the tenant's zone."""
    return NOTHING if at is None else formatting.format_date(at, zone=_zone())


@register.filter
def moment(at: datetime | None) -> str:
    """2 Oct 2026, 14:03:12 CEST in the tenant's zone."""
    return NOTHING if at is None else formatting.format_datetime(at, zone=_zone())


@register.filter
def iso(at: datetime | None) -> str:
    """For the `datetime` attribute."""
    return "" if at is None else at.astimezone(UTC).isoformat()


# ── states and services ──────────────────────────────────────────────────────────────────────


@register.filter
def tone_of(state: object) -> str:
    """The tone of a state's badge: good, warn, bad, info, or nothing for plain grey."""
    return TONE_OF_STATE.get(str(state).lower(), "")


@register.filter
def words(state: object) -> str:
    """END_USER_SERVICE_DENIED and in_progress as they read in a sentence's place."""
    text = str(state)
    return text if text.isupper() else text.replace("_", " ").capitalize()


@register.filter
def initials(name: object) -> str:
    """Two letters for an avatar: of the first two words, else of the only one."""
    parts = re.findall(r"[^\W_]+", str(name).partition("@")[0])
    return "".join(part[0] for part in parts[:2]) if len(parts) > 1 else "".join(parts)[:2]


@register.filter
def service_icon(service: object) -> str:
    """The icon of data, voice, sms or money; another rating group's service gets a bolt."""
    return SERVICE_ICONS.get(str(service).lower(), OTHER_ICON)


@register.filter
def toast_icon(tone: str) -> str:
    """The icon of a message of this tone."""
    return TOAST_ICONS.get(tone, TOAST_ICONS["info"])


# ── markup ───────────────────────────────────────────────────────────────────────────────────


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """An icon of assets/icons.txt; decorative unless it has a label. Sizes: small, large, huge."""
    return format_html(
        '<svg class="icon{}" {}><use href="{}#{}"></use></svg>',
        f" icon-{size}" if size else "",
        format_html('role="img" aria-label="{}"', label)
        if label
        else mark_safe('aria-hidden="true"'),
        static("ui/icons.svg"),
        name,
    )


@register.simple_tag
def plain_static(path: str) -> str:
    """Like `static`, but never raises: for the page that is shown when all else failed."""
    try:
        return static(path)
    except ValueError:  # the manifest lacks it
        return f"{settings.STATIC_URL}{path}"


_JSON_TOKEN = re.compile(
    r'("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)'
)


@register.filter
def json_text(value: Any) -> str:
    """A value as JSON, for a `data-…-value` attribute (escaped there like any text)."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


@register.filter
def json_markup(value: Any) -> SafeString:
    """A JSON value (or the text of one) laid out and coloured, for a code block."""
    if isinstance(value, (str, bytes)):
        try:
            value = json.loads(value)
        except ValueError:
            return conditional_escape(
                value if isinstance(value, str) else value.decode(errors="replace")
            )
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html_join("", "{}", ((piece,) for piece in _coloured(text)))


def _coloured(text: str) -> Iterator[str]:
    position = 0
    for match in _JSON_TOKEN.finditer(text):
        yield conditional_escape(text[position : match.start()])
        string, colon, number, _ = match.groups()
        if string:
            kind = "key" if colon else "text"
            yield format_html('<span class="json-{}">{}</span>{}', kind, string, colon or "")
        else:
            yield format_html(
                '<span class="json-{}">{}</span>', "number" if number else "word", match[0]
            )
        position = match.end()
    yield conditional_escape(text[position:])


# ── forms ────────────────────────────────────────────────────────────────────────────────────


@register.filter
def error_links(form: BaseForm | BaseFormSet | str | None) -> list[dict[str, str]]:
    """What is wrong with a form or formset, each with the id of the control it is about."""
    if not isinstance(form, (BaseForm, BaseFormSet)):
        return []
    if isinstance(form, BaseFormSet):
        whole = [{"id": "", "text": str(text)} for text in form.non_form_errors()]
        return whole + [link for member in form.forms for link in error_links(member)]
    return list(_form_error_links(form))


def _form_error_links(form: BaseForm) -> Iterable[dict[str, str]]:
    for text in form.non_field_errors():
        yield {"id": "", "text": str(text)}
    for field in form:
        for text in field.errors:
            yield {"id": field.id_for_label or field.auto_id, "text": f"{field.label}: {text}"}
