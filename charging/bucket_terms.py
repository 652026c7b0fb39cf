"""What a stored bucket may be used for, as the engine reads it: by its allowance, or as a cap."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from charging.engine.lifetimes import Lifetime, Span
from charging.engine.tariff import PLAIN, Role, Terms, Threshold
from plans.compile import allowance_terms, bucket_thresholds
from plans.models import Allowance
from plans.overrides import NO_OVERRIDES, Overrides, read_overrides
from subscribers.models import PlanSubscription

_COUNTER: Final = Terms(role=Role.COUNTS)
_CAP: Final = Terms(role=Role.COUNTS, limits=True)
_WITH_PLAN: Final = Lifetime(span=Span.PERIOD, from_first_use=True)
"""Of buckets whose plan begins with its first use: the plan's first period says when they end."""

CAPS_ONLY: Final = frozenset({-1})
"""Rating groups of a cap: none there are, so that it counts what is drawn from others alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceTerms:
    """What all buckets of one allowance have in common."""

    thresholds: tuple[Threshold, ...] = ()
    terms: Terms = PLAIN
    """Once the bucket lives."""
    waiting: Terms = PLAIN
    """While it waits for its first use."""


NO_ALLOWANCE: Final = AllowanceTerms()


def terms_of_allowance(allowance: Allowance, overrides: Overrides = NO_OVERRIDES) -> AllowanceTerms:
    """As plans compile them, under the terms of one plan subscription."""
    terms = allowance_terms(allowance, overrides)
    living = replace(terms, lifetime=None)
    return AllowanceTerms(
        thresholds=bucket_thresholds(allowance, overrides),
        terms=PLAIN if living == PLAIN else living,  # by identity the engine asks them nothing
        waiting=terms,
    )


def terms_of_stored(
    allowance: Allowance | None, subscription: PlanSubscription | None
) -> AllowanceTerms:
    """The terms of a bucket's allowance under those of the subscription that gave it."""
    if allowance is None:
        return NO_ALLOWANCE
    own = read_overrides(subscription.overrides) if subscription else NO_OVERRIDES
    return terms_of_allowance(allowance, own)


def bucket_terms(given: AllowanceTerms, *, role: str, caps: str, waits: bool) -> Terms:
    """The terms of one bucket: by its allowance, or as a counter or cap without one."""
    if caps:
        return _CAP
    if given is NO_ALLOWANCE and role == Role.COUNTS:
        return _COUNTER
    if not waits:
        return given.terms
    return given.waiting if given.waiting.lifetime else replace(given.waiting, lifetime=_WITH_PLAN)
