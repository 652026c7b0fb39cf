"""Every component on one page, with sample data: for building pages and for testing the look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from portal.formatting import unit_choices
from portal.tenancy.permissions import public

GIGABYTE = 1024**3

COLOURS = [
    "canvas",
    "surface",
    "sunken",
    "line",
    "line-strong",
    "text",
    "text-soft",
    "text-muted",
    "accent",
    "accent-soft",
    "accent-text",
    "good",
    "good-soft",
    "warn",
    "warn-soft",
    "bad",
    "bad-soft",
    "info",
    "info-soft",
    "series-1",
    "series-2",
    "series-3",
    "series-4",
]

STATES = [
    "draft",
    "scheduled",
    "published",
    "retired",
    "active",
    "suspended",
    "open",
    "running",
    "delivered",
    "failed",
    "denied",
    "exhausted",
    "SUCCESS",
    "QUOTA_LIMIT_REACHED",
    "END_USER_SERVICE_DENIED",
]


class SampleForm(forms.Form):
    """A form in its refused state, so that errors can be seen."""

    name = forms.CharField(label="Plan name", help_text="Shown to subscribers")
    amount = forms.CharField(label="Amount")
    amount_unit = forms.CharField(required=False)
    renewal = forms.ChoiceField(
        label="Renews",
        choices=[("", "Choose…"), ("monthly", "Every month"), ("days", "Every 30 days")],
    )
    notes = forms.CharField(label="Notes", required=False, widget=forms.Textarea(attrs={"rows": 3}))


@public
@require_GET
def style_guide(request: HttpRequest) -> HttpResponse:
    """The page at /ui/."""
    form = SampleForm({"name": "Flex 20", "amount": "twenty", "amount_unit": "GB", "renewal": ""})
    form.add_error("amount", "Enter a number, such as 20 or 4.5.")
    context = {
        "colours": COLOURS,
        "states": STATES,
        "form": form,
        "data_units": unit_choices("OCTETS"),
        "time_units": unit_choices("SECONDS"),
        "just_now": timezone.now() - timedelta(minutes=2),
        **_balances(),
        **_charts(),
    }
    return render(request, "portal/style_guide.html", context)


@public
@require_GET
def sample_dialog(request: HttpRequest) -> HttpResponse:
    """What the page's dialog button fetches."""
    return render(request, "portal/_style_guide_dialog.html", _balances())


def _balances() -> dict[str, Any]:
    return {
        "ticks": [
            {"percent": 50, "name": "Half", "low": False},
            {"percent": 20, "name": "Low", "low": False},
            {"percent": 5, "name": "Almost empty", "low": False},
        ],
        "low_ticks": [{"percent": 20, "name": "Low", "low": True}],
        "octets": 18 * GIGABYTE + GIGABYTE * 4 // 10,
        "granted": 20 * GIGABYTE,
        "changes": [
            {"field": "National data, amount", "old": "15 GB", "new": "20 GB"},
            {"field": "National data, warnings", "old": "20 %, 5 %", "new": "50 %, 20 %, 5 %"},
            {
                "field": "Voice, out-of-bundle rate",
                "old": "€0.12 a minute",
                "new": "€0.09 a minute",
            },
            {"field": "Roaming pass", "old": "", "new": "1 GB"},
        ],
        "answer": {
            "invocationSequenceNumber": 2,
            "multipleUnitInformation": [
                {
                    "ratingGroup": 10,
                    "resultCode": "SUCCESS",
                    "grantedUnit": {"totalVolume": 104_857_600},
                }
            ],
            "final": False,
        },
    }


def _charts() -> dict[str, Any]:
    days = list(range(31))
    return {
        "depletion": {
            "days": days,
            "series": [
                {
                    "label": "National data",
                    "service": "data",
                    "left": [max(0, 100 - day * 4.3) for day in days],
                },
                {"label": "Voice", "service": "voice", "left": [100 - day * 2.6 for day in days]},
                {"label": "SMS", "service": "sms", "left": [100 - day * 1.7 for day in days]},
            ],
            "thresholds": [50, 20, 5],
            "notifications": [
                {"day": 11.6, "percent": 50, "label": "Half"},
                {"day": 18.6, "percent": 20, "label": "Low"},
                {"day": 22.1, "percent": 5, "label": "Almost empty"},
            ],
        },
        "waterfall": [
            {
                "label": "Renewal",
                "start": 0,
                "width": 100,
                "kind": "total",
                "change": "+20 GB",
                "after": "20 GB",
            },
            {
                "label": "Episode",
                "start": 60,
                "width": 40,
                "kind": "loss",
                "change": "−8 GB",
                "after": "12 GB",
            },
            {
                "label": "Social",
                "start": 45,
                "width": 15,
                "kind": "loss",
                "change": "−3 GB",
                "after": "9 GB",
            },
            {
                "label": "Top-up",
                "start": 45,
                "width": 25,
                "kind": "gain",
                "change": "+5 GB",
                "after": "14 GB",
            },
        ],
        "sparkline": "M0 4 L14 7 L28 6 L42 12 L56 11 L70 17 L84 16 L100 21",
    }
