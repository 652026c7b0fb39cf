"""Working through what is due: batches of one transaction each, by any number of workers."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError, OperationalError, transaction

from charging.renewal import store, writing
from charging.renewal.decisions import can_pay, settle
from charging.renewal.facts import Held
from portal.tenancy.actor import SYSTEM
from subscribers.models import Account, PlanSubscription

log = logging.getLogger(__name__)

BATCH_SIZE: Final = 500
FAILED_WAITS: Final = timedelta(minutes=5)
"""What could not be done because of a mistake of ours waits so long, and is logged each time."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one batch."""

    settled: int = 0
    failed: int = 0
    passed_over: int = 0
    """Due, but in the hands of somebody else: the next sweep takes them."""


def renew_due(*, now: datetime, budget_seconds: float, limit: int = BATCH_SIZE) -> Done:
    """Work through what is due for the open scope's tenant until nothing is left that is free,
    or the time is used up. Safe to run any number of times at once."""
    stops_at = time.monotonic() + budget_seconds
    settled = failed = passed_over = 0
    while time.monotonic() < stops_at:
        done = renew_batch(now=now, limit=limit)
        settled, failed = settled + done.settled, failed + done.failed
        passed_over = done.passed_over
        if not done.settled + done.failed:
            break
    return Done(settled, failed, passed_over)


def renew_batch(*, now: datetime, limit: int = BATCH_SIZE) -> Done:
    """Claim, decide and write up to `limit` due plan subscriptions in one transaction.

    A subscription that cannot be decided is left out and looked at later. When the database
    refuses the batch, each is done in a transaction of its own, so that one cannot sink the rest.
    """
    ids: list[int] = []
    try:
        with transaction.atomic():
            claimed = store.claim(now=now, limit=limit)
            ids = claimed.ids
            failed = _settle(store.read(claimed, now=now), now=now)
    except OperationalError:
        raise
    except DatabaseError:
        if not ids:
            raise
        log.exception("A batch of %s plan subscriptions was refused; doing each alone", len(ids))
        return _one_by_one(ids, now=now)
    return Done(len(ids) - len(failed), len(failed), claimed.passed_over)


def retry_after_top_up(account: Account, *, now: datetime) -> None:
    """Try again what waits for money, under the account's lock, which the caller holds.

    What finds too little money again waits on unchanged. A mistake here must not undo the top-up:
    what fails is due at once and left to the sweep.
    """
    in_grace = PlanSubscription.objects.filter(
        account=account, state=PlanSubscription.State.GRACE
    ).order_by("due_at", "pk")
    ids = list(in_grace.values_list("pk", flat=True))
    if not ids:
        return
    try:
        with transaction.atomic():
            waiting = store.read(store.under_lock(ids, account.lock_id), now=now)
            _settle(waiting, now=now, is_retry=True)
    except DatabaseError:
        log.exception("A top-up could not renew plan subscriptions %s", ids)
        store.postpone(ids, now=now, later=timedelta(0))


def _one_by_one(ids: list[int], *, now: datetime) -> Done:
    settled, failed = 0, []
    for key in ids:
        try:
            with transaction.atomic():
                _settle(store.read(store.claim_named([key]), now=now), now=now)
            settled += 1
        except OperationalError:
            raise
        except DatabaseError:
            log.exception("Plan subscription %s cannot be renewed", key)
            failed.append(key)
    if failed:
        store.postpone(failed, now=now, later=FAILED_WAITS)
    return Done(settled, len(failed))


def _settle(due: list[Held], *, now: datetime, is_retry: bool = False) -> list[int]:
    """Decide about each and write it all; the keys of those that could not be decided."""
    changes = store.new_changes()
    failed: list[int] = []
    for held in due:
        mark = changes.mark(held.account)
        try:
            if not is_retry or can_pay(held):
                settle(held, changes)
        except DatabaseError:
            raise
        except Exception:
            log.exception("Plan subscription %s cannot be renewed", held.id)
            changes.forget_since(mark, held.account)
            failed.append(held.id)
    writing.write(changes, actor=SYSTEM, now=now)
    if failed:
        store.postpone(failed, now=now, later=FAILED_WAITS)
    return failed
