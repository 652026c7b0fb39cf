"""The one lock: before anybody changes an account or its buckets (docs/locking.md)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction

from subscribers.models import Account


def lock_account(account_id: int) -> Account:
    """Lock the account of this primary key and read it as it is once the lock is held.

    Needs a transaction; the lock lasts as long. What the caller read before is stale: read
    buckets and sessions after this returns. Raises Account.DoesNotExist.
    """
    return lock_accounts([account_id])[account_id]


def lock_accounts(account_ids: Iterable[int], *, also: Iterable[int] = ()) -> dict[int, Account]:
    """Lock several accounts, their lock rows in the order of their ids, and read them by key.

    `also` are rows that are about to become somebody's lock. The same rules as for one.
    """
    assert connection.in_atomic_block, "a lock outlives nothing but a transaction"
    wanted, also = set(account_ids), set(also)
    lock_ids = set(Account.objects.filter(pk__in=wanted).values_list("lock_id", flat=True))
    while True:
        with transaction.atomic():  # a savepoint, so that locks taken in vain can be given up
            rows = Account.objects.select_for_update(no_key=True).only("pk").order_by("pk")
            locked = {row.pk for row in rows.filter(pk__in=lock_ids | also)}
            found = Account.objects.select_related("tenant").in_bulk(wanted)
            if wanted - found.keys():
                raise Account.DoesNotExist
            lock_ids = {account.lock_id for account in found.values()}
            if lock_ids <= locked:
                return found
            transaction.set_rollback(True)  # one joined or left a group while we waited
