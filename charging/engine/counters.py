"""Usage counters and caps: buckets that are debited beside whatever pays.

A counter with a limit holds what is granted, like any bucket, so that parallel sessions cannot
pass it together.
"""

from __future__ import annotations

from charging.engine import trace
from charging.engine.candidates import Candidates, Working
from charging.engine.overlay import COUNTED, Overlay
from charging.engine.tariff import RatingGroup, Unit
from charging.engine.values import Line, ReservedPart
from charging.engine.waterfall import Cover


def count_used(
    overlay: Overlay, candidates: Candidates, line: Line, unit: Unit, amount: int
) -> None:
    """Debit every counter of the unit that the use concerns."""
    if not amount:
        return
    for counter in candidates.counters:
        if counter.bucket.unit is unit:
            _post(overlay, line, counter, amount)


def count_drawn(overlay: Overlay, line: Line, payer: Working, amount: int) -> None:
    """Debit the cap on what the account may take from a bucket that others share with it."""
    if payer.bucket.capped_by and amount:
        cap = overlay.working(payer.bucket.capped_by)
        if cap is not None:
            _post(overlay, line, cap, amount)


def hold(
    overlay: Overlay, rating_group: RatingGroup, line: Line, granted: int, cover: Cover
) -> None:
    """Reserve in counters with a limit, and in caps, what a grant may come to."""
    cost = sum(charge.cost for charge in cover.charges)
    for counter in overlay.candidates(rating_group, overlay.request.situation).counters:
        bucket = counter.bucket
        if bucket.terms.limits:
            _reserve(overlay, line, counter, granted if bucket.unit is rating_group.unit else cost)
    for payer, amount in cover.payments():
        cap = overlay.working(payer.bucket.capped_by) if payer.bucket.capped_by else None
        if cap is not None:
            _reserve(overlay, line, cap, amount)


def _reserve(overlay: Overlay, line: Line, counter: Working, amount: int) -> None:
    if amount:
        overlay.reserve(counter, amount, line.rating_group)
        line.parts.append(
            ReservedPart(bucket_id=counter.bucket.id, units=0, amount=amount, rate_key=COUNTED)
        )


def _post(overlay: Overlay, line: Line, counter: Working, amount: int) -> None:
    left = amount
    for part in line.parts:
        if part.rate_key == COUNTED and part.bucket_id == counter.bucket.id and left:
            held = min(left, part.amount)
            part.amount -= held
            left -= held
            overlay.post_reserved(counter, held, line.rating_group)
    if left:
        overlay.post_free(counter, left, line.rating_group)
    overlay.trace.append((trace.TALLIED, counter.bucket.id, amount))
