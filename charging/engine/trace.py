"""What the engine decided, as it decided it.

A step is one tuple of a code and plain values: nothing is worded on the hot path. `wording` turns
a stored trace into sentences.
"""

from __future__ import annotations

from collections.abc import Iterator

from charging.engine.pricing import Priced, contained_tax, slot_at
from charging.engine.tariff import Rate
from charging.engine.values import BucketExhausted, LineTotal, ThresholdCrossed

# ── codes: stored, so never renamed; the values that follow are named beside each ────────────

USED = "used"  # rating group, units
RECORDED = "recorded"  # rating group, units
ASKED = "asked"  # rating group, units or -1 for the rating group's own slice
SKIPPED = "skipped"  # bucket, reason, epoch seconds of the time it depends on
ORDER = "order"  # buckets…
PRICED = "priced"  # rating group, rate, units before, units, price, per, step, places, cost
CONNECT_FEE = "connect_fee"  # nano-units
SLOTS = "slots"  # rating group, rate, [start, price, per, step]…
LIMITS = "limits"  # rating group, rate, minimum, maximum or -1, cost before them
TAX = "tax"  # rating group, hundredths of a percent, nano-units contained in the cost
CHOSEN = "chosen"  # rating group, rate, its label
FREE = "free"  # rating group, units, reason or ""
COVERED = "covered"  # rating group, units
PAID_HELD = "paid_held"  # bucket, amount
PAID = "paid"  # bucket, amount
DEBT = "debt"  # bucket, amount
UNRATED = "unrated"  # rating group, units, reason
RETURNED = "returned"  # bucket, amount
LAPSED = "lapsed"  # bucket, amount
HOLD_LOST = "hold_lost"  # bucket, amount
HELD = "held"  # bucket, amount
CAPPED = "capped"  # rating group, units
LIMITED = "limited"  # rating group, units, epoch seconds of the change or 0 for a counter's limit
STOPPED = "stopped"  # rating group
THROTTLED = "throttled"  # rating group
BLOCKED = "blocked"  # bucket
TALLIED = "tallied"  # counter, amount
FIRST_USE = "first_use"  # bucket, epoch seconds of its end or 0
GRANTED = "granted"  # rating group, units, units wanted, validity seconds, threshold
FINAL = "final"  # rating group, final-unit action
DEBITED = "debited"  # rating group, units, nano-units
REFUSED = "refused"  # rating group, result
CROSSED = "crossed"  # bucket, threshold, limit, before, after
EXHAUSTED = "exhausted"  # bucket
CREDIT_PASSED = "credit_passed"  # bucket, available
SWITCHED = "switched"  # bucket, whether it is disabled now, threshold
SUSPENDED = "suspended"  # threshold

EMPTY = "empty"
EXPIRED = "expired"
NOT_YET_VALID = "not_yet_valid"
OTHER_RATING_GROUP = "other_rating_group"
DISABLED = "disabled"

EMERGENCY = "emergency"
ZERO_RATED = "zero_rated"
NO_PAYER = "no_payer"

UNKNOWN_RATING_GROUP = "unknown_rating_group"
NO_RATE = "no_rate"
NO_MONEY = "no_money"


def of_price(
    rating_group: int, rate: Rate, position: int, total: LineTotal, priced: Priced
) -> Iterator[tuple[object, ...]]:
    """The steps that price usage from `position` on, on a line that stood at `total`."""
    if rate.label:
        yield (CHOSEN, rating_group, rate.key, rate.label)
    slot, _ = slot_at(rate, position)
    yield (
        PRICED,
        rating_group,
        rate.key,
        total.units,
        priced.units,
        slot.price,
        slot.per,
        slot.increment,
        rate.decimals,
        priced.cost,
    )
    if len(rate.slots) > 1:
        slots = [[each.start, each.price, each.per, each.increment] for each in rate.slots]
        yield (SLOTS, rating_group, rate.key, *slots)
    if rate.tax_hundredths and priced.cost:
        yield (TAX, rating_group, rate.tax_hundredths, contained_tax(rate, priced.cost))
    if rate.minimum or rate.maximum is not None:
        maximum = -1 if rate.maximum is None else rate.maximum
        exact = (total.exact + priced.exact) // rate.denominator
        yield (LIMITS, rating_group, rate.key, rate.minimum, maximum, exact)


def of_crossing(event: ThresholdCrossed | BucketExhausted) -> tuple[object, ...]:
    if isinstance(event, BucketExhausted):
        return (EXHAUSTED, event.bucket_id)
    return (CROSSED, event.bucket_id, event.threshold, event.limit, event.before, event.after)
