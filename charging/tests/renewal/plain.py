"""Terms of a plan as plain values, for tests that need no database."""

from __future__ import annotations

from datetime import timedelta

from charging.renewal.terms import PlanTerms

TERMS = PlanTerms(
    version_id=1,
    plan_id=1,
    plan_code="plan",
    plan_name="Plan",
    number=1,
    currency="EUR",
    is_add_on=False,
    quantity_max=None,
    starts_at_first_use=False,
    price=10_000_000_000,
    purchase_fee=0,
    first_use_fee=0,
    proration="none",
    anchor_day=None,
    renewal="month",
    renewal_count=1,
    auto_renews=True,
    grace=timedelta(0),
    retry_every=timedelta(0),
    retries_max=0,
    allowances=(),
)
"""€10.00 a month."""
