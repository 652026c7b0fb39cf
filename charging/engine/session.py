"""One charging request from start to end: settle, hand back, grant.

The order of a request is fixed (TS 32.290 §5.1–5.3): all reported usage is settled, then old
reservations are dropped, then new quota is decided. Rating groups do not depend on one another.
"""

from __future__ import annotations

from charging.engine import counters, grants, settlement, thresholds, trace
from charging.engine.overlay import Overlay
from charging.engine.tariff import RatingGroup, Unit
from charging.engine.values import (
    Account,
    ChargingRequest,
    Kind,
    Line,
    LineAnswer,
    LineRequest,
    Outcome,
    Result,
    SessionState,
)


def charge(account: Account, session: SessionState | None, request: ChargingRequest) -> Outcome:
    """Decide one request; nothing that is handed in is changed.

    `account.buckets` holds every bucket that may pay and every bucket that the session has
    reserved in. What the request does comes back as moves, events, answers and the session's
    next state, for the caller to commit in one piece.
    """
    overlay = Overlay(account, session, request)
    if request.kind == Kind.IMMEDIATE_EVENT:
        for line in request.lines:
            _add_answer(overlay, _debit_event(overlay, line))
        thresholds.settle(overlay)
    else:
        for line in request.lines:
            settlement.settle_line(overlay, line)
        _drop_reservations(overlay)
        overlay.flag_debts()
        thresholds.settle(overlay)
        if request.kind in (Kind.START, Kind.UPDATE):
            for line in request.lines:
                if line.wants_quota:
                    _add_answer(overlay, grants.grant(overlay, line))
    _conclude(overlay.outcome)
    return overlay.finish()


def _add_answer(overlay: Overlay, answer: LineAnswer) -> None:
    overlay.outcome.answers.append(answer)


def _conclude(outcome: Outcome) -> None:
    outcome.refused = bool(outcome.answers) and all(
        answer.result in grants.REFUSALS for answer in outcome.answers
    )


def _drop_reservations(overlay: Overlay) -> None:
    """Hand back what lines no longer hold: a new grant replaces the old one, a closing trigger
    ends it, a release ends them all. A mere report keeps the rest (TS 32.255 §5.2)."""
    request = overlay.request
    if request.kind == Kind.RELEASE:
        for line in list(overlay.session.lines.values()):
            if line.parts:
                overlay.release(overlay.line(line.rating_group, line.upf_id))
        return
    for asked in request.lines:
        if asked.wants_quota or any(container.closes_quota for container in asked.used):
            overlay.release(overlay.line(asked.rating_group, asked.upf_id))


# ── one-time events ──────────────────────────────────────────────────────────────────────────


def _debit_event(overlay: Overlay, request: LineRequest) -> LineAnswer:
    """Debit an event at once if the account can pay all of it, else debit nothing (IEC)."""
    answer = grants.without_quota(overlay, request)
    rating_group = overlay.account.rating_groups.get(request.rating_group)
    if answer is not None or rating_group is None:
        return _leave_undebited(overlay, request, rating_group, answer)
    amount = _event_amount(request, rating_group)
    overlay.trace.append((trace.ASKED, rating_group.number, amount))
    offer = grants.make_offer(overlay, rating_group, amount)
    if offer.units < amount:
        return grants.refusal(overlay, request, grants.unpayable(overlay, rating_group, offer))
    line = overlay.line(request.rating_group, request.upf_id)
    cost = _debit_offer(overlay, rating_group, line, offer)
    overlay.trace.append((trace.DEBITED, rating_group.number, amount, cost))
    return LineAnswer(
        rating_group=rating_group.number,
        upf_id=request.upf_id,
        result=Result.SUCCESS,
        unit=rating_group.unit,
        granted=amount,
    )


def _leave_undebited(
    overlay: Overlay,
    request: LineRequest,
    rating_group: RatingGroup | None,
    answer: LineAnswer | None,
) -> LineAnswer:
    """Refused, or charged offline: then the event is recorded all the same."""
    answer = answer or grants.refusal(overlay, request, Result.RATING_FAILED)
    if rating_group and answer.result == Result.QUOTA_MANAGEMENT_NOT_APPLICABLE:
        amount = _event_amount(request, rating_group)
        overlay.trace.append((trace.RECORDED, rating_group.number, amount))
        line = overlay.line(request.rating_group, request.upf_id)
        settlement.record_usage(overlay, line, amount, 0)
    return answer


def _event_amount(request: LineRequest, rating_group: RatingGroup) -> int:
    """What is asked; where nothing is, what is reported; else one slice."""
    if request.wants_quota and request.requested is not None:
        return request.requested
    if request.wants_quota:
        return rating_group.grant
    return sum(container.amount for container in request.used)


def _debit_offer(
    overlay: Overlay, rating_group: RatingGroup, line: Line, offer: grants.Offer
) -> int:
    """Take what the offer says from free amounts; returns the nano-units it costs."""
    situation = overlay.request.situation
    cost = sum(charge.cost for charge in offer.cover.charges)
    for charge in offer.cover.charges:
        settlement.post(overlay, rating_group, line, charge)
    if not offer.is_free:
        candidates = overlay.candidates(rating_group, situation)
        counters.count_used(overlay, candidates, line, rating_group.unit, offer.units)
        counters.count_used(overlay, candidates, line, Unit.NANO_MONEY, cost)
    settlement.record_usage(overlay, line, offer.units, cost)
    return cost
