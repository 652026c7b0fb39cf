"""Proving the books: every bucket is the sum of its ledger, every session what it holds and cost.

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

_HELD_BY_SESSION = """
SELECT session_id, bucket_id, sum(reserved)::bigint FROM charging_ledgerentry
WHERE tenant_id = %s AND session_id IS NOT NULL
GROUP BY session_id, bucket_id HAVING sum(reserved) <> 0
"""

_COST_AGAINST_LEDGER = """
SELECT s.id, s.cost, coalesce(sum(e.used) FILTER (WHERE b.unit = 'NANO_MONEY'), 0)::bigint AS paid
FROM charging_chargingsession s
LEFT JOIN charging_ledgerentry e ON e.session_id = s.id AND e.kind <> 'reverse'
LEFT JOIN charging_bucket b ON b.id = e.bucket_id AND b.role = 'pays'
WHERE s.tenant_id = %s
GROUP BY s.id
HAVING s.cost <> coalesce(sum(e.used) FILTER (WHERE b.unit = 'NANO_MONEY'), 0)
"""

_TRANSFERS = """
SELECT e.reference, count(*), count(DISTINCT b.unit || a.currency), sum(e.available)::bigint
FROM charging_ledgerentry e
JOIN charging_bucket b ON b.id = e.bucket_id
JOIN subscribers_account a ON a.id = e.account_id
WHERE e.tenant_id = %s AND e.kind = 'transfer'
GROUP BY e.reference
HAVING count(*) <> 2 OR sum(e.available) <> 0 OR count(DISTINCT b.unit || a.currency) <> 1
"""

_REVERSALS = """
SELECT r.id, -r.used, e.used
FROM charging_ledgerentry r JOIN charging_ledgerentry e ON e.id = r.reverses_id
WHERE r.tenant_id = %s AND r.kind = 'reverse'
  AND (-r.used > e.used OR r.bucket_id <> e.bucket_id OR r.available <> -r.used)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A bucket or session that is not what the ledger says."""

    subject: str
    what: str
    stored: int
    proved: int

    def __str__(self) -> str:
        return f"{self.subject}: {self.what} is {self.stored}, but its entries prove {self.proved}"


def verify_tenant() -> list[Discrepancy]:
    """Check all buckets and sessions of the open scope's tenant."""
    with connection.cursor():
        pass  # the connection learns the tenant before the snapshot, which must come first
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return discrepancies()


def discrepancies() -> list[Discrepancy]:
    """The same within the transaction that is open."""
    return [*_buckets(), *_reservations(), *_costs(), *_transfers(), *_reversals()]


def count_buckets() -> int:
    return Bucket.objects.count()


def _buckets() -> Iterator[Discrepancy]:
    with connection.cursor() as cursor:
        cursor.execute(_BUCKETS_AGAINST_LEDGER, [current_tenant().pk])
        for bucket_id, *amounts in cursor:
            stored, proved = amounts[:5], amounts[5:]
            for what, is_, should_be in zip(_COLUMNS, stored, proved, strict=True):
                if is_ != should_be:
                    yield Discrepancy(
                        subject=f"bucket {bucket_id}", what=what, stored=is_, proved=should_be
                    )


def _reservations() -> Iterator[Discrepancy]:
    """What each open session remembers to hold of a bucket is what it reserved there; all others
    hold nothing."""
    held: dict[tuple[int, int], int] = defaultdict(int)
    open_sessions = ChargingSession.objects.filter(state=ChargingSession.State.OPEN)
    for key, state in open_sessions.values_list("pk", "state_bytes").iterator(chunk_size=2_000):
        for line in decode_state(bytes(state)).lines.values():
            for part in line.parts:
                held[key, part.bucket_id] += part.amount
    with connection.cursor() as cursor:
        cursor.execute(_HELD_BY_SESSION, [current_tenant().pk])
        reserved = {(session_id, bucket_id): amount for session_id, bucket_id, amount in cursor}
    for session_id, bucket_id in sorted(reserved.keys() | held.keys()):
        is_ = held.get((session_id, bucket_id), 0)
        should_be = reserved.get((session_id, bucket_id), 0)
        if is_ != should_be:
            yield Discrepancy(
                subject=f"session {session_id}",
                what=f"held of bucket {bucket_id}",
                stored=is_,
                proved=should_be,
            )


def _transfers() -> Iterator[Discrepancy]:
    """A transfer is two entries of one unit that add up to nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_TRANSFERS, [current_tenant().pk])
        for reference, entries, units, total in cursor:
            subject = f"transfer {reference}"
            if entries != 2:
                yield Discrepancy(subject=subject, what="entries", stored=entries, proved=2)
            if units != 1:
                yield Discrepancy(subject=subject, what="units", stored=units, proved=1)
            if total:
                yield Discrepancy(subject=subject, what="sum", stored=total, proved=0)


def _reversals() -> Iterator[Discrepancy]:
    """A reversal gives back, in the same bucket, no more than its entry used."""
    with connection.cursor() as cursor:
        cursor.execute(_REVERSALS, [current_tenant().pk])
        for key, returned, used in cursor:
            yield Discrepancy(
                subject=f"reversal {key}", what="given back", stored=returned, proved=used
            )


def _costs() -> Iterator[Discrepancy]:
    """What a session cost is the money that its entries used; reversals leave it as it was."""
    with connection.cursor() as cursor:
        cursor.execute(_COST_AGAINST_LEDGER, [current_tenant().pk])
        for session_id, cost, paid in cursor:
            yield Discrepancy(
                subject=f"session {session_id}", what="cost", stored=cost, proved=paid
            )
