"""One subscription's own terms: the MVNO's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from charging import services
from charging.tests.renewal.selling import (
    DAY,
    EURO,
    GB,
    again,
    buckets,
    data,
    make_account,
    make_version,
    money_left,
    renew,
    subscribe,
)
from charging.tests.services.reading import events_of
from plans.overrides import NO_OVERRIDES, AllowanceOverride, Overrides
from plans.selectors import spec_of
from plans.services import create_draft, publish_version
from portal.tenancy.actor import SYSTEM

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
BORDER = datetime(2026, 6, 1, 8, tzinfo=UTC)


@pytest.fixture
def version(northwind):
    return make_version("plan", data(10 * GB), now=START)


def own(version, *, price=7 * EURO, **allowance) -> Overrides:
    key = version.allowances.get().key
    return Overrides(price=price, allowances={key: AllowanceOverride(**allowance)})


def override(held, overrides, now=START):
    return services.override_plan_subscription(
        subscription=held, overrides=overrides, actor=SYSTEM, now=now
    )


def test_bought_with_own_terms_price_amount_and_validity_are_its_own(version):
    held = subscribe(
        make_account("100", now=START),
        version,
        START,
        overrides=own(version, amount=3 * GB, validity_days=5),
        charge_price=True,
    )

    [bucket] = buckets(held)
    assert (bucket.granted, bucket.expires_at) == (3 * GB, START + 5 * DAY)
    assert money_left(held.account) == 93 * EURO
    assert held.price_per_period == 7 * EURO


def test_they_hold_at_each_renewal_and_for_nobody_else(version):
    own_terms = own(version, amount=3 * GB)
    held = subscribe(make_account("100", now=START), version, START, overrides=own_terms)
    other = subscribe(make_account("100", now=START, public_id="acc-2"), version, START)

    renew(BORDER)

    assert (buckets(held)[-1].granted, money_left(held.account)) == (3 * GB, 93 * EURO)
    assert (buckets(other)[-1].granted, money_left(other.account)) == (10 * GB, 90 * EURO)


def test_given_later_they_count_from_the_next_period_on(version):
    held = subscribe(make_account("100", now=START), version, START)

    override(held, own(version, amount=3 * GB), START + DAY)
    assert buckets(held)[0].granted == 10 * GB
    renew(BORDER)

    assert (buckets(held)[-1].granted, money_left(held.account)) == (3 * GB, 93 * EURO)
    [(_, told)] = events_of(held.account, "plan_subscription.overrides_changed")
    assert (told["before"], told["overrides"]["price"]) == ({}, 7 * EURO)


def test_taken_away_the_version_counts_again(version):
    held = subscribe(make_account("100", now=START), version, START, overrides=own(version))
    assert again(held).overrides_hash

    override(held, NO_OVERRIDES)
    renew(BORDER)

    assert (again(held).overrides, again(held).overrides_hash) == ({}, "")
    assert money_left(held.account) == 90 * EURO


def test_they_go_along_to_a_newer_version_of_the_plan(version):
    held = subscribe(make_account("100", now=START), version, START, overrides=own(version))
    draft = create_draft(plan=version.plan, spec=spec_of(version), actor=SYSTEM, now=START)
    newer = publish_version(version=draft, actor=SYSTEM, now=START)

    changed = services.change_plan_subscription(
        subscription=held, version=newer, charge_price=True, actor=SYSTEM, now=START + DAY
    )

    assert (changed.version_id, changed.overrides_hash) == (newer.pk, held.overrides_hash)
    assert money_left(held.account) == 93 * EURO


def test_they_stay_behind_when_the_plan_changes(version):
    held = subscribe(make_account("100", now=START), version, START, overrides=own(version))
    other = make_version("other", price=2 * EURO, now=START)
    services.change_plan_subscription(
        subscription=held, version=other, at_renewal=True, actor=SYSTEM, now=START + DAY
    )

    renew(BORDER)

    assert money_left(held.account) == 98 * EURO
    assert held.account.plan_subscriptions.get(ends_at=None).overrides == {}
