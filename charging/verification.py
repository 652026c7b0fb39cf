"""Proving the books: every bucket is the sum of its ledger, every reservation has its session.

Reads one tenant in one snapshot, so it may run beside live charging.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from charging.models import Bucket, ChargingSession
from charging.session_memory import decode_state
from portal.tenancy.scope import current_tenant

_COLUMNS = ("granted", "available", "reserved", "used", "expired")

_BUCKETS_AGAINST_LEDGER = """
SELECT b.id, b.granted, b.available, b.reserved, b.used, b.expired,
       coalesce(sum(e.available + e.reserved + e.used + e.expired), 0)::bigint,
       coalesce(sum(e.available), 0)::bigint, coalesce(sum(e.reserved), 0)::bigint,
       coalesce(sum(e.used), 0)::bigint, coalesce(sum(e.expired), 0)::bigint
FROM charging_bucket b LEFT JOIN charging_ledgerentry e ON e.bucket_id = b.id
WHERE b.tenant_id = %s
GROUP BY b.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A bucket that is not what its ledger or its sessions say."""

    bucket_id: int
    what: str
    stored: int
    proved: int

    def __str__(self) -> str:
        return (
            f"bucket {self.bucket_id}: {self.what} is {self.stored}, "
            f"but its entries prove {self.proved}"
        )


def verify_tenant() -> list[Discrepancy]:
    """Check all buckets of the open scope's tenant."""
    with connection.cursor():
        pass  # the connection learns the tenant before the snapshot, which must come first
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [*_against_ledger(), *_against_sessions()]


def count_buckets() -> int:
    return Bucket.objects.count()


def _against_ledger() -> Iterator[Discrepancy]:
    with connection.cursor() as cursor:
        cursor.execute(_BUCKETS_AGAINST_LEDGER, [current_tenant().pk])
        for bucket_id, *amounts in cursor:
            stored, proved = amounts[:5], amounts[5:]
            for what, is_, should_be in zip(_COLUMNS, stored, proved, strict=True):
                if is_ != should_be:
                    yield Discrepancy(bucket_id=bucket_id, what=what, stored=is_, proved=should_be)


def _against_sessions() -> Iterator[Discrepancy]:
    """What buckets hold in reserve is exactly what open sessions remember."""
    held: dict[int, int] = defaultdict(int)
    open_sessions = ChargingSession.objects.filter(state=ChargingSession.State.OPEN)
    for state in open_sessions.values_list("state_bytes", flat=True).iterator(chunk_size=2_000):
        for line in decode_state(bytes(state)).lines.values():
            for part in line.parts:
                held[part.bucket_id] += part.amount
    reserved = Bucket.objects.exclude(reserved=0).values_list("id", "reserved")
    stored = dict(reserved)
    for bucket_id in sorted(stored.keys() | held.keys()):
        is_, should_be = stored.get(bucket_id, 0), held.get(bucket_id, 0)
        if is_ != should_be:
            yield Discrepancy(
                bucket_id=bucket_id, what="reserved for sessions", stored=is_, proved=should_be
            )
