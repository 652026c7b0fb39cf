"""Deciding one request on what the batch has locked and read.

The order of TS 32.290 and docs/n40.md: find the session or the subscriber, answer a repeat from
memory, let the engine decide, then write the outcome into the batch. Nothing here waits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from charging.charger import events
from charging.charger.booking import write_outcome
from charging.charger.catalogue import Catalogue, TenantSettings
from charging.charger.jobs import Job, Reply, Result
from charging.charger.rows import (
    AccountRow,
    Batch,
    CreateKeyRow,
    DeviceRow,
    SessionRow,
)
from charging.engine.balances import apply_moves
from charging.engine.conditions import Situation
from charging.engine.session import charge
from charging.engine.values import ChargingRequest, Kind, Outcome
from charging.engine.values import Result as EngineResult
from charging.nchf import problems
from charging.nchf.answers import encode_answer
from charging.nchf.messages import Operation
from charging.nchf.problems import Problem
from charging.nchf.told import Told
from charging.nchf.told import told as told_by
from charging.nchf.translate import Judge, to_charging_request
from charging.refs import make_ref
from charging.session_memory import Answer, find_answer

DEFAULT_VALIDITY: Final = 3600
GRACE: Final = timedelta(seconds=300)
"""A session is closed when it has been silent for its validity time and this much more."""

LARGEST_AMOUNT: Final = 2**63 - 1
_SESSION_KINDS: Final = {Kind.IMMEDIATE_EVENT: "iec", Kind.POST_EVENT: "pec"}


def process(job: Job, batch: Batch, *, catalogue: Catalogue, now: datetime) -> Result:
    """Decide one job; what it changes is in the batch afterwards, unless a Problem comes back."""
    try:
        if job.operation is Operation.CREATE:
            return _create(job, batch, catalogue, now)
        return _continue(job, batch, catalogue, now)
    except Problem as problem:
        return problem


# ── create ───────────────────────────────────────────────────────────────────────────────────


def _create(job: Job, batch: Batch, catalogue: Catalogue, now: datetime) -> Result:
    assert job.request is not None
    assert job.identity is not None
    settings = catalogue.settings(job.tenant_id)
    device = batch.devices.get((job.tenant_id, job.identity.column, job.identity.value))
    if device is None:
        raise problems.user_unknown(
            f"No device of this operator has {job.identity.column} {job.identity.value}."
        )
    if repeated := _repeated_create(job, batch):
        answer = repeated.answers[0]
        return Reply(
            status=answer.status,
            body=answer.body,
            ref=repeated.ref if answer.status == 201 else "",
            bare_location=settings.bare_location,
        )
    if device.state != "active":
        raise problems.end_user_request_denied(f"Device {device.public_id} is barred.")
    account = batch.accounts[device.account_key]
    account_now = now + account.clock_offset
    told = _told_of_device(told_by(job.request), device)
    request = to_charging_request(
        job.request,
        operation=Operation.CREATE,
        rating_groups=settings.rating_groups,
        now=account_now,
        clock_offset=account.clock_offset,
        told=told,
        judge=_judge(settings),
    )
    outcome = charge(account.engine, None, request)
    _require_bookable(account, request, outcome)
    session = _open(job, batch, device, request, account_now)
    session.told = told
    if problem := _refusal(job, request, outcome):
        session.state, session.close_cause = "refused", problem.cause
        session.closed_at = account_now
        _remember(job, session, outcome, problem.status, problem.body(), account_now)
        write_outcome(
            job, batch, account, session, outcome, request, now, problem.status, problem.body()
        )
        return problem
    body = encode_answer(job.request, outcome.answers, now=now)
    if request.kind is not Kind.START:
        session.state, session.close_cause = "closed", "ONE_TIME_EVENT"
        session.closed_at = account_now
    _remember(job, session, outcome, 201, body, account_now)
    write_outcome(job, batch, account, session, outcome, request, now, 201, body)
    return Reply(status=201, body=body, ref=session.ref, bare_location=settings.bare_location)


def _told_of_device(told: Told, device: DeviceRow) -> Told:
    """What the request does not tell of the subscriber is as the device says."""
    return msgspec.structs.replace(
        told,
        home=told.home or device.home_plmn,
        characteristics=told.characteristics or device.charging_characteristics,
    )


def _judge(settings: TenantSettings) -> Judge:
    """What the operator makes of what was told; its own network is home unless told otherwise."""

    def judge(told: Told) -> Situation:
        return settings.reference.situation(
            number=told.called,
            network=told.network,
            home=told.home or settings.home_plmn,
            rat=told.rat,
            dnn=told.dnn,
            slice=told.slice,
            characteristics=told.flags,
            category=told.category,
        )

    return judge


def _repeated_create(job: Job, batch: Batch) -> SessionRow | None:
    """The session this create has already opened: same body, or the sender says so."""
    assert job.request is not None
    known = batch.create_keys.get((job.tenant_id, job.create_key), [])
    same_body = [ref for fingerprint, ref in known if fingerprint == job.fingerprint]
    same_key = [ref for _, ref in reversed(known)] if job.is_retransmission else []
    for ref in (*same_body, *same_key):
        session = batch.sessions.get(ref)
        # Past so many requests of the session nobody is still waiting for its first answer.
        if session is not None and session.answers and session.answers[0].operation == "create":
            return session
    return None


def _refusal(job: Job, request: ChargingRequest, outcome: Outcome) -> Problem | None:
    """A whole refusal, for a network function that could not be told of recovery later.

    With a notifyUri the session stays open and each rating group carries its own code
    (docs/n40.md, "Running out of credit").
    """
    assert job.request is not None
    used = any(amount for _, _, amount, _ in outcome.usage)
    is_one_time = request.kind is not Kind.START
    if not outcome.refused or used or (job.request.notify_uri and not is_one_time):
        return None
    results = {answer.result for answer in outcome.answers}
    groups = ", ".join(str(answer.rating_group) for answer in outcome.answers)
    if EngineResult.QUOTA_LIMIT_REACHED in results:
        return problems.quota_limit_reached(f"No credit for rating group {groups}.")
    if EngineResult.END_USER_SERVICE_DENIED in results:
        return problems.end_user_request_denied(f"The account may not use rating group {groups}.")
    return None  # unpriced: 201 with RATING_FAILED inside


def _open(
    job: Job, batch: Batch, device: DeviceRow, request: ChargingRequest, account_now: datetime
) -> SessionRow:
    assert job.request is not None
    sender = job.request.nf_consumer_identification
    session = SessionRow(
        key=batch.free_session_keys.pop(),
        tenant_id=job.tenant_id,
        account_key=device.account_key,
        device_key=device.key,
        device_public_id=device.public_id,
        device_state=device.state,
        ref=make_ref(device.account_key),
        kind=_SESSION_KINDS.get(request.kind, "session"),
        state="open",
        subscriber_identifier=job.request.subscriber_identifier or "",
        node_functionality=sender.node_functionality[:40],
        nf_name=(sender.nf_name or sender.nf_fqdn or "")[:200],
        notify_uri=(job.request.notify_uri or "")[:1000],
        destination=request.situation.destination[:40],
        opened_at=account_now,
        last_request_at=account_now,
        deadline_at=account_now,
        is_new=True,
    )
    batch.sessions[session.ref] = session
    known = batch.create_keys.setdefault((job.tenant_id, job.create_key), [])
    # A sender that is told apart by its own word only may repeat key and body: keep the first.
    if all(fingerprint != job.fingerprint for fingerprint, _ in known):
        batch.new_create_keys.append(
            CreateKeyRow(
                tenant_id=job.tenant_id,
                key=job.create_key,
                fingerprint=job.fingerprint,
                session_key=session.key,
                created_at=job.received_at,
            )
        )
    known.append((job.fingerprint, session.ref))
    return session


# ── update, release, sweep ───────────────────────────────────────────────────────────────────


def _continue(job: Job, batch: Batch, catalogue: Catalogue, now: datetime) -> Result:
    session = batch.sessions.get(job.ref)
    if session is None or session.tenant_id != job.tenant_id:
        raise problems.context_not_found("There is no charging session with this reference.")
    account = batch.accounts[session.account_key]
    account_now = now + account.clock_offset
    if job.request is None:
        return _sweep(job, batch, account, session, now, account_now)
    answered = find_answer(
        session.answers,
        operation=job.operation,
        sequence_number=job.request.invocation_sequence_number,
        fingerprint=job.fingerprint,
        is_retransmission=job.is_retransmission,
    )
    if answered is not None:
        return Reply(status=answered.status, body=answered.body)
    if session.state != "open":
        raise problems.context_not_found("The charging session is closed.")
    _require_same_subscriber(job, session, batch)
    settings = catalogue.settings(job.tenant_id)
    told = told_by(job.request).over(session.told)
    request = to_charging_request(
        job.request,
        operation=job.operation,
        rating_groups=settings.rating_groups,
        now=account_now,
        session_started_at=session.opened_at,
        clock_offset=account.clock_offset,
        told=told,
        judge=_judge(settings),
    )
    # Barred since the create: as with a suspended account, settled and given no more.
    engine = replace(
        account.engine, may_use=account.engine.may_use and session.device_state == "active"
    )
    outcome = charge(engine, session.memory, request)
    _require_bookable(account, request, outcome)
    session.told = told
    if job.request.notify_uri:
        session.notify_uri = job.request.notify_uri[:1000]
    status, body = 200, b""
    if job.operation is Operation.RELEASE:
        status = 204
        _close(session, "RELEASED", account_now)
    else:
        body = encode_answer(job.request, outcome.answers, now=now)
    _remember(job, session, outcome, status, body, account_now)
    write_outcome(job, batch, account, session, outcome, request, now, status, body)
    return Reply(status=status, body=body)


def _require_same_subscriber(job: Job, session: SessionRow, batch: Batch) -> None:
    """An update may leave the subscriber out; naming another one is an error of the sender."""
    assert job.request is not None
    given = job.request.subscriber_identifier
    if not given or given == session.subscriber_identifier or job.identity is None:
        return
    device = batch.devices.get((job.tenant_id, job.identity.column, job.identity.value))
    if device is None or device.key != session.device_key:
        raise problems.charging_failed(
            "The charging session belongs to another subscriber.",
            problems.InvalidParam(
                param="/subscriberIdentifier", reason="is not the session's subscriber"
            ),
        )


def _sweep(
    job: Job,
    batch: Batch,
    account: AccountRow,
    session: SessionRow,
    now: datetime,
    account_now: datetime,
) -> Result:
    """Close a silent session and return what it holds, unless it spoke in the meantime."""
    if session.state != "open" or session.deadline_at >= account_now:
        return Reply(status=204)
    request = ChargingRequest(kind=Kind.RELEASE, at=account_now, lines=())
    outcome = charge(account.engine, session.memory, request)
    _close(session, "SILENT", account_now)
    session.memory = outcome.session
    session.is_changed = True
    write_outcome(job, batch, account, session, outcome, request, now, 204, b"")
    batch.events.append(events.closed_by_sweep(account, session, now=account_now))
    return Reply(status=204)


def _close(session: SessionRow, cause: str, at: datetime) -> None:
    session.state, session.close_cause, session.closed_at = "closed", cause, at


def _require_bookable(account: AccountRow, request: ChargingRequest, outcome: Outcome) -> None:
    """Refuse requests whose sums leave 64 bits: no network carries that much, so it is an error
    of the sender and nothing of it is charged."""
    sums = [outcome.session.cost, sum(line.used for line in outcome.session.lines.values())]
    sums += [line.requested or 0 for line in request.lines]
    sums += [total.units for total in outcome.session.totals.values()]
    for bucket in apply_moves(account.engine.buckets, outcome.moves):
        sums += (bucket.available, bucket.reserved, bucket.used, bucket.expired)
    if any(abs(amount) > LARGEST_AMOUNT for amount in sums):
        raise problems.charging_failed("The request's units are more than an account can hold.")


# ── writing the outcome into the batch ───────────────────────────────────────────────────────


def _remember(
    job: Job,
    session: SessionRow,
    outcome: Outcome,
    status: int,
    body: bytes,
    account_now: datetime,
) -> None:
    """What the session's row keeps of this request."""
    assert job.request is not None
    session.memory = outcome.session
    session.cost = outcome.session.cost
    session.requests += 1
    session.last_request_at = account_now
    session.deadline_at = account_now + timedelta(seconds=_validity(outcome)) + GRACE
    session.last_result = _worst_result(outcome)
    session.is_changed = True
    session.answers.append(
        Answer(
            operation=job.operation,
            sequence_number=job.request.invocation_sequence_number,
            fingerprint=job.fingerprint,
            status=status,
            body=body,
        )
    )


def _validity(outcome: Outcome) -> int:
    times = [answer.validity_time for answer in outcome.answers if answer.granted]
    return max(times, default=DEFAULT_VALIDITY) or DEFAULT_VALIDITY


def _worst_result(outcome: Outcome) -> str:
    """What a list of sessions shows: the first result that is no success, else SUCCESS."""
    for answer in outcome.answers:
        if answer.result is not EngineResult.SUCCESS:
            return str(answer.result)
    return str(EngineResult.SUCCESS)
