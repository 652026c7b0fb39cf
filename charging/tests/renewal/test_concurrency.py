"""Renewal with many hands, and hands that die; each on a connection of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from django.db import connections, transaction

from charging import services
from charging.renewal import sweep
from charging.tests.renewal.selling import (
    EURO,
    GB,
    again,
    buckets,
    make_account,
    make_version,
    money_left,
    periods,
    renew,
    subscribe,
    use,
)
from charging.tests.services.reading import assert_ledger_rebuilds_buckets, events_of
from portal.tenancy.actor import SYSTEM
from portal.tenancy.scope import tenant_scope
from subscribers.locking import lock_account
from subscribers.models import PlanPeriod
from tests import factories
from tests.harness.environment import machine

START = datetime(2026, 5, 1, tzinfo=UTC)
BORDER = datetime(2026, 6, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def tenant(committed_db):
    return factories.make_tenant()


@pytest.fixture
def held(tenant):
    """Thirty accounts, each due."""
    with tenant_scope(tenant):
        version = make_version(now=START)
        return [
            subscribe(make_account("25", now=START, public_id=f"acc-{n}"), version, START)
            for n in range(30)
        ]


def at_once(tenant, acts):
    def run(act):
        try:
            with tenant_scope(tenant):
                return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def assert_each_renewed_once(tenant, held):
    with tenant_scope(tenant):
        for each in held:
            assert periods(each) == [(1, "started"), (2, "renewed")]
            assert money_left(each.account) == 15 * EURO
            assert len(buckets(each)) == 2
            assert len(events_of(each.account, "plan_subscription.renewed")) == 1
            assert_ledger_rebuilds_buckets(each.account)


def test_workers_side_by_side_renew_each_period_once(tenant, held):
    share = partial(sweep.renew_due, now=BORDER, budget_seconds=30, limit=4)

    done = at_once(tenant, [share] * 4)

    assert sum(each.settled for each in done) == 30
    assert [each.failed for each in done] == [0] * 4
    assert_each_renewed_once(tenant, held)


def test_a_worker_killed_before_its_commit_has_done_nothing_and_the_next_does_it_once(
    tenant, held, tmp_path
):
    """The process is killed with everything written and nothing committed."""
    ready = tmp_path / "ready"
    program = f"""
import django, pathlib, time
django.setup()
from datetime import UTC, datetime
from charging.renewal import sweep, writing
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
write = writing.write
def write_and_wait(*args, **kwargs):
    write(*args, **kwargs)
    pathlib.Path({str(ready)!r}).touch()
    time.sleep(60)
writing.write = write_and_wait
with tenant_scope(Tenant.objects.get()):
    sweep.renew_batch(now=datetime.fromisoformat({BORDER.isoformat()!r}))
"""
    worker = subprocess.Popen(
        [sys.executable, "-c", program], env=machine().process_environment(), cwd=ROOT
    )
    try:
        deadline = time.monotonic() + 60
        while not ready.exists() and time.monotonic() < deadline:
            assert worker.poll() is None
            time.sleep(0.05)
        with tenant_scope(tenant):
            assert renew(BORDER).settled == 0, "they are in the other's hands"
            assert not PlanPeriod.objects.filter(number=2).exists()
    finally:
        worker.kill()
        worker.wait()
    deadline = time.monotonic() + 30
    with tenant_scope(tenant):
        done = 0
        while done < 30 and time.monotonic() < deadline:
            done += renew(BORDER).settled  # the server notices the dead connection soon
            time.sleep(0.1)
    assert done == 30
    assert_each_renewed_once(tenant, held)


def test_an_account_that_somebody_works_on_is_passed_over_and_taken_later(tenant, held):
    busy, is_locked, may_go = held[0], threading.Event(), threading.Event()

    def work():
        with tenant_scope(tenant), transaction.atomic():
            lock_account(busy.account_id)
            is_locked.set()
            may_go.wait(30)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    is_locked.wait(30)
    with tenant_scope(tenant):
        done = renew(BORDER)
        assert (done.settled, done.passed_over) == (29, 1)
    may_go.set()
    thread.join()
    with tenant_scope(tenant):
        assert renew(BORDER).settled == 1
    assert_each_renewed_once(tenant, held)


def test_renewal_racing_with_charges_keeps_the_books(tenant, held):
    """Ten charges of 1 GB on each of three accounts while all are renewed: every charge fell on
    the old bucket, before it was renewed, or is refused by nobody; nothing is lost."""
    chosen = held[:3]
    with tenant_scope(tenant):
        old = {each.pk: buckets(each)[0] for each in chosen}

    def charge(each):
        with transaction.atomic():
            lock_account(each.account_id)
            bucket = buckets(each)[0]
            if bucket.available:
                use(bucket, GB)
                return GB
        return 0

    acts = [partial(charge, each) for each in chosen for _ in range(5)]
    share = partial(sweep.renew_due, now=BORDER, budget_seconds=20, limit=10)
    results = at_once(tenant, [*acts, share])
    with tenant_scope(tenant):
        renew(BORDER)
        charged = sum(result for result in results if isinstance(result, int))
        used = sum(buckets(each)[0].used for each in chosen)
        assert charged == used
        for each in chosen:
            bucket = buckets(each)[0]
            assert bucket.pk == old[each.pk].pk
            assert bucket.used + bucket.expired == 10 * GB
    assert_each_renewed_once(tenant, held)


def test_renewal_racing_with_a_cancellation_does_one_or_the_other_wholly(tenant, held):
    """Cancelled first: nothing is charged. Renewed first: the new period is paid and expires."""

    def cancel(each):
        services.cancel_plan_subscription(
            subscription=again(each), at_period_end=False, actor=SYSTEM, now=BORDER
        )

    share = partial(sweep.renew_due, now=BORDER, budget_seconds=20, limit=3)
    at_once(tenant, [partial(cancel, each) for each in held[:10]] + [share, share])
    with tenant_scope(tenant):
        renew(BORDER)
        for each in held[:10]:
            over, all_of_it = again(each), buckets(each)
            was_renewed = len(all_of_it) == 2
            assert (over.state, over.due_at) == ("ended", None)
            assert money_left(each.account) == (15 if was_renewed else 25) * EURO
            assert sum(bucket.available for bucket in all_of_it) == 0
            assert sum(bucket.expired for bucket in all_of_it) == 10 * GB * len(all_of_it)
            assert_ledger_rebuilds_buckets(each.account)
    assert_each_renewed_once(tenant, held[10:])
