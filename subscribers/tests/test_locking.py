"""With real connections: a lock that only one connection sees is none."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connections, transaction

from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope
from subscribers.locking import lock_account
from subscribers.models import Account
from tests import factories

WAIT_SECONDS = 10


@pytest.fixture
def tenant(committed_db: None) -> Tenant:
    return factories.make_tenant()


def make(tenant: Tenant, public_id: str, now: datetime) -> Account:
    with tenant_scope(tenant):
        return factories.make_account(public_id, now=now)


def test_what_is_read_after_the_lock_is_what_the_other_side_committed(tenant, now):
    """One statement that locks and reads would return the name from before the wait."""
    account = make(tenant, "acc-1", now)
    is_locked, may_commit = threading.Event(), threading.Event()

    def rename() -> None:
        with tenant_scope(tenant), transaction.atomic():
            held = lock_account(account.pk)
            is_locked.set()
            may_commit.wait(WAIT_SECONDS)
            held.name = "Renamed"
            held.save(update_fields=["name"])
        connections.close_all()

    def read() -> str:
        with tenant_scope(tenant), transaction.atomic():
            name = lock_account(account.pk).name
        connections.close_all()
        return name

    with ThreadPoolExecutor(2) as pool:
        renaming = pool.submit(rename)
        assert is_locked.wait(WAIT_SECONDS)
        reading = pool.submit(read)
        assert not reading.done()
        may_commit.set()
        renaming.result(WAIT_SECONDS)
        assert reading.result(WAIT_SECONDS) == "Renamed"


def test_an_account_that_joins_a_group_while_we_wait_is_locked_through_the_group(tenant, now):
    root, member = make(tenant, "root", now), make(tenant, "member", now)
    is_locked, may_commit = threading.Event(), threading.Event()
    holds_root, may_end = threading.Event(), threading.Event()

    def join() -> None:
        with tenant_scope(tenant), transaction.atomic():
            lock_account(root.pk)
            lock_account(member.pk)
            Account.objects.filter(pk=member.pk).update(lock_id=root.pk)
            is_locked.set()
            may_commit.wait(WAIT_SECONDS)
        connections.close_all()

    def work() -> None:
        with tenant_scope(tenant), transaction.atomic():
            assert lock_account(member.pk).lock_id == root.pk
            holds_root.set()
            may_end.wait(WAIT_SECONDS)
        connections.close_all()

    with ThreadPoolExecutor(2) as pool, tenant_scope(tenant):
        joining = pool.submit(join)
        assert is_locked.wait(WAIT_SECONDS)
        working = pool.submit(work)
        may_commit.set()
        joining.result(WAIT_SECONDS)
        assert holds_root.wait(WAIT_SECONDS)
        assert is_row_locked(root)
        assert not is_row_locked(member), "the lock taken in vain was given up"
        may_end.set()
        working.result(WAIT_SECONDS)


def is_row_locked(account: Account) -> bool:
    with transaction.atomic():
        free = Account.objects.select_for_update(no_key=True, skip_locked=True)
        return not free.filter(pk=account.pk).exists()


def test_a_lock_needs_a_transaction(tenant, now):
    account = make(tenant, "acc-1", now)

    with tenant_scope(tenant), pytest.raises(AssertionError):
        lock_account(account.pk)
