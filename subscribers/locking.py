"""The one lock: before anybody changes an account or its buckets (docs/locking.md)."""

from __future__ import annotations

from django.db import connection, transaction

from subscribers.models import Account


def lock_account(account_id: int) -> Account:
    """Lock the account of this primary key and read it as it is once the lock is held.

    Needs a transaction; the lock lasts as long. What the caller read before is stale: read
    buckets and sessions after this returns. Raises Account.DoesNotExist.
    """
    assert connection.in_atomic_block, "a lock outlives nothing but a transaction"
    lock_id = Account.objects.values_list("lock_id", flat=True).get(pk=account_id)
    while True:
        with transaction.atomic():  # a savepoint, so that a lock taken in vain can be given up
            Account.objects.select_for_update(no_key=True).only("pk").get(pk=lock_id)
            account = Account.objects.select_related("tenant").get(pk=account_id)
            if account.lock_id == lock_id:
                return account
            transaction.set_rollback(True)
        lock_id = account.lock_id  # it joined or left a group while we waited
