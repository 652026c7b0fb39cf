"""Writing the outcome of a request into the batch: ledger, lives, states, events, log.

What a request leaves of buckets is seen by the requests of the batch that come after it, those of
other accounts that share them included.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from charging import decisions
from charging.charger import events
from charging.charger.jobs import Job
from charging.charger.rows import AccountRow, Batch, LedgerRow, LogRow, SessionRow
from charging.engine.balances import apply_moves
from charging.engine.values import (
    AccountSuspended,
    Bucket,
    BucketSwitched,
    ChargingRequest,
    FirstUsed,
    Move,
    MoveKind,
    Outcome,
)
from subscribers.lifecycle import Cause, State

_PAST_SUSPENSION: Final = (State.SUSPENDED, State.TERMINATED)


def write_outcome(
    job: Job,
    batch: Batch,
    account: AccountRow,
    session: SessionRow,
    outcome: Outcome,
    request: ChargingRequest,
    now: datetime,
    status: int,
    body: bytes,
) -> None:
    """Put what the engine decided into the batch; `status` and `body` answer the network."""
    number = job.request.invocation_sequence_number if job.request else None
    lives = _changes_of_lives(account, outcome)
    _apply(batch, account, outcome.moves, lives)
    batch.ledger.extend(
        _ledger_rows(account, session, outcome.moves, at=request.at, sequence_number=number)
    )
    batch.events.extend(events.of_outcome(batch, account, session, outcome, at=request.at))
    for to, reason in _moves_of_state(account, outcome):
        batch.events.append(_move(account, to, reason, now=now, at=request.at))
    batch.log.append(
        LogRow(
            tenant_id=session.tenant_id,
            account_key=account.key,
            session_key=session.key,
            operation=job.operation if job.request is not None else "sweep",
            sequence_number=number or 0,
            fingerprint=job.fingerprint,
            received_at=now,
            status=status,
            cost=outcome.cost,
            request=job.body.decode(),
            answer=body.decode(),
            decision=decisions.encode(outcome.trace, outcome.usage),
        )
    )


# ── buckets ──────────────────────────────────────────────────────────────────────────────────


def _changes_of_lives(account: AccountRow, outcome: Outcome) -> dict[int, dict[str, Any]]:
    """By bucket: what thresholds switched and first uses began."""
    changes: dict[int, dict[str, Any]] = {}
    for event in outcome.events:
        if isinstance(event, BucketSwitched):
            changes.setdefault(event.bucket_id, {})["is_disabled"] = event.is_disabled
        elif isinstance(event, FirstUsed):
            if plan := account.waiting_plans.get(event.bucket_id):
                account.begun_plans.setdefault(plan, event.at)
            bucket = next(b for b in account.engine.buckets if b.id == event.bucket_id)
            changes.setdefault(event.bucket_id, {}).update(
                valid_from=event.at,
                expires_at=event.expires_at or bucket.expires_at,
                terms=replace(bucket.terms, lifetime=None),
            )
    return changes


def _apply(
    batch: Batch, account: AccountRow, moves: list[Move], lives: dict[int, dict[str, Any]]
) -> None:
    buckets = apply_moves(account.engine.buckets, moves)
    if lives:
        buckets = tuple(
            replace(bucket, **lives[bucket.id]) if bucket.id in lives else bucket
            for bucket in buckets
        )
        account.changed_lives.update(lives)
    account.engine = replace(account.engine, buckets=buckets)
    if batch.viewers:
        _show_others(batch, account, {move.bucket_id for move in moves} | lives.keys(), lives)


def _show_others(
    batch: Batch, account: AccountRow, touched: set[int], lives: dict[int, dict[str, Any]]
) -> None:
    """The batch's other accounts that see these buckets see them as they are now."""
    shared = touched & batch.viewers.keys()
    if not shared:
        return
    now = {bucket.id: bucket for bucket in account.engine.buckets if bucket.id in shared}
    others = {
        other.key: other for key in shared for other in batch.viewers[key] if other is not account
    }
    for other in others.values():
        other.engine = replace(
            other.engine, buckets=tuple(_seen(b, now, lives) for b in other.engine.buckets)
        )


def _seen(bucket: Bucket, now: dict[int, Bucket], lives: dict[int, dict[str, Any]]) -> Bucket:
    present = now.get(bucket.id)
    if present is None:
        return bucket
    return replace(
        bucket,
        available=present.available,
        reserved=present.reserved,
        used=present.used,
        expired=present.expired,
        **lives.get(bucket.id, {}),
    )


def _ledger_rows(
    account: AccountRow,
    session: SessionRow,
    moves: list[Move],
    *,
    at: datetime,
    sequence_number: int | None,
) -> list[LedgerRow]:
    """One row per touched bucket: the sum of its moves, named after what matters most of them, in
    the ledger of the bucket's owner."""
    sums: dict[int, Move] = {}
    for move in moves:
        total = sums.get(move.bucket_id)
        if total is None:
            sums[move.bucket_id] = Move(
                bucket_id=move.bucket_id,
                kind=move.kind,
                available=move.available,
                reserved=move.reserved,
                used=move.used,
                expired=move.expired,
            )
        else:
            total.available += move.available
            total.reserved += move.reserved
            total.used += move.used
            total.expired += move.expired
    if not sums:
        return []
    buckets = {bucket.id: bucket for bucket in account.engine.buckets}
    rows = []
    for key, total in sums.items():
        if total.available or total.reserved or total.used or total.expired:
            account.touched_buckets.add(key)
            rows.append(
                LedgerRow(
                    tenant_id=session.tenant_id,
                    account_key=buckets[key].owner_id or account.key,
                    bucket_id=key,
                    session_key=session.key,
                    sequence_number=sequence_number,
                    kind=_kind_of(total),
                    available=total.available,
                    reserved=total.reserved,
                    used=total.used,
                    expired=total.expired,
                    available_after=buckets[key].available,
                    at=at,
                    actor_name=session.node_functionality,
                )
            )
    return rows


def _kind_of(total: Move) -> MoveKind:
    if total.used:
        return MoveKind.POST
    return MoveKind.RESERVE if total.reserved > 0 else MoveKind.VOID


# ── the account's state ──────────────────────────────────────────────────────────────────────


def _moves_of_state(account: AccountRow, outcome: Outcome) -> Iterable[tuple[str, str]]:
    """Where this request takes the account, with the reasons."""
    if _is_use(outcome):
        to = account.lifecycle.after(account.state, Cause.FIRST_USE)
        if to is not None:
            yield to, Cause.FIRST_USE.label
    for event in outcome.events:
        if isinstance(event, AccountSuspended) and account.state not in _PAST_SUSPENSION:
            to = account.lifecycle.after(account.state, Cause.THRESHOLD) or State.SUSPENDED
            yield to, f"Threshold {event.threshold}"


def _is_use(outcome: Outcome) -> bool:
    """Quota was granted or usage reported."""
    return any(answer.granted for answer in outcome.answers) or any(
        amount for _, _, amount, _ in outcome.usage
    )


def _move(
    account: AccountRow, to: str, reason: str, *, now: datetime, at: datetime
) -> events.EventRow:
    before, account.state, account.state_changed_at = account.state, str(to), now
    services = account.lifecycle.rules[to].services
    account.engine = replace(
        account.engine, may_use=services is None or bool(services), services=services
    )
    return events.state_changed(account, before, reason, at=at)
