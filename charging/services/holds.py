"""What open sessions hold of others' balances, when those are no longer shared with them."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from charging import ledger
from charging.engine.values import SessionState
from charging.ledger import Cause
from charging.models import Bucket, ChargingSession, LedgerEntry
from charging.session_memory import decode_memory, encode_state
from subscribers.models import Account


def return_lost_holds(account: Account, *, cause: Cause) -> None:
    """Hand back what sessions of the account hold of others, and others' sessions of it, that may
    no longer draw on it.

    The caller holds the locks of all that shared. What was granted is used all the same: its
    report is settled from what its account has by then.
    """
    for session in _sessions_about(account):
        memory, told = decode_memory(bytes(session.state_bytes))
        held = {part.bucket_id for line in memory.lines.values() for part in line.parts}
        buckets = Bucket.objects.select_related("account__tenant").in_bulk(held)
        lost = {
            key: bucket for key, bucket in buckets.items() if not _may_draw(session.account, bucket)
        }
        for key, amount in _take_out(memory, lost.keys()).items():
            bucket = lost[key]
            ledger.void(
                account=bucket.account,
                bucket=bucket,
                amount=amount,
                session=session,
                cause=cause,
            )
        if lost:
            session.state_bytes = encode_state(memory, told)
            session.save(update_fields=["state_bytes"])


def _sessions_about(account: Account) -> QuerySet[ChargingSession]:
    """Open ones of the account, and others' that took from its buckets."""
    took = LedgerEntry.objects.filter(account=account, session__state=ChargingSession.State.OPEN)
    about = Q(account=account) | Q(pk__in=took.values("session"))
    found = ChargingSession.objects.filter(about, state=ChargingSession.State.OPEN)
    return found.select_related("account").order_by("pk")


def _may_draw(taker: Account, bucket: Bucket) -> bool:
    if bucket.account_id == taker.pk:
        return True
    in_group = taker.shared_group_id is not None and (
        bucket.account.shared_group_id == taker.shared_group_id
    )
    return bucket.is_shared and (in_group or bucket.account_id == taker.parent_id)


def _take_out(memory: SessionState, buckets: Collection[int]) -> dict[int, int]:
    """Drop the session's parts in these buckets: how much they held of each."""
    held: dict[int, int] = {}
    for line in memory.lines.values():
        for part in line.parts:
            if part.bucket_id in buckets and part.amount:
                held[part.bucket_id] = held.get(part.bucket_id, 0) + part.amount
        line.parts = [part for part in line.parts if part.bucket_id not in buckets]
    return held
