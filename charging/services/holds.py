"""What open sessions hold of others' balances, when those are no longer shared with them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from charging import ledger
from charging.engine.values import Line, SessionState
from charging.ledger import Cause
from charging.models import Bucket, ChargingSession
from charging.session_memory import decode_memory, encode_state
from subscribers.models import Account


def return_holds(*, takers: Collection[int], givers: Collection[int], cause: Cause) -> None:
    """Hand back what sessions of the accounts `takers` have reserved in buckets of `givers`.

    The caller holds all their locks. What was granted is used all the same: its report is settled
    from what the taker has by then.
    """
    buckets = {
        bucket.pk: bucket for bucket in Bucket.objects.filter(account__in=givers, reserved__gt=0)
    }
    if not buckets:
        return
    accounts = Account.objects.select_related("tenant").in_bulk(set(givers))
    sessions = ChargingSession.objects.filter(account__in=takers, state=ChargingSession.State.OPEN)
    for session in sessions.order_by("pk"):
        memory, told = decode_memory(bytes(session.state_bytes))
        held = dict(_take_out(memory, buckets.keys()))
        for key, amount in held.items():
            bucket = buckets[key]
            ledger.void(
                account=accounts[bucket.account_id],
                bucket=bucket,
                amount=amount,
                session=session,
                cause=cause,
            )
        if held:
            session.state_bytes = encode_state(memory, told)
            session.save(update_fields=["state_bytes"])


def _take_out(memory: SessionState, buckets: Collection[int]) -> Iterator[tuple[int, int]]:
    """Drop the session's parts in these buckets: how much they held of each."""
    held: dict[int, int] = {}
    for line in memory.lines.values():
        for part in line.parts:
            if part.bucket_id in buckets:
                held[part.bucket_id] = held.get(part.bucket_id, 0) + part.amount
        _keep_others(line, buckets)
    yield from ((key, amount) for key, amount in held.items() if amount)


def _keep_others(line: Line, buckets: Collection[int]) -> None:
    line.parts = [part for part in line.parts if part.bucket_id not in buckets]
