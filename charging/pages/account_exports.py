"""The ledger as a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC
from typing import Final

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from charging.models import LedgerEntry
from charging.pages.account_context import ledger_filter
from charging.pages.requests import account_or_404
from charging.selectors import ledger_of
from portal.tenancy.permissions import tenant_permission_required
from portal.tenancy.requests import TenantRequest

ROWS_MAX: Final = 100_000
"""The newest; more is a job for the API, page by page."""

COLUMNS: Final = (
    "time",
    "balance",
    "service",
    "unit",
    "kind",
    "available",
    "reserved",
    "used",
    "expired",
    "available_after",
    "reason",
    "actor",
    "session",
)


@require_GET
@tenant_permission_required("subscribers.view")
def ledger_csv(request: TenantRequest, account_id: str) -> HttpResponse:
    """The ledger with the page's filters; amounts are exact units or nano-units of money."""
    account = account_or_404(account_id)
    bucket_key, kinds = ledger_filter(request.GET)
    entries = ledger_of(account, bucket_key=bucket_key, kinds=kinds)[:ROWS_MAX]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_row(entry) for entry in entries.iterator(chunk_size=2_000))
    return HttpResponse(
        text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="ledger-{account.public_id}.csv"'},
    )


def _row(entry: LedgerEntry) -> tuple[object, ...]:
    return (
        entry.at.astimezone(UTC).isoformat(),
        _text(entry.bucket.name),
        entry.bucket.service,
        entry.bucket.unit,
        entry.kind,
        entry.available,
        entry.reserved,
        entry.used,
        entry.expired,
        entry.available_after,
        _text(entry.reason),
        _text(entry.actor_name),
        entry.session.ref if entry.session else "",
    )


def _text(typed: str) -> str:
    """What people typed must not run as a formula when a spreadsheet opens the file."""
    return f"'{typed}" if typed.startswith(("=", "+", "-", "@", "\t", "\r")) else typed
