"""What an ordinary use costs at a rate, priced by the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from charging.engine import pricing
from charging.engine.values import LineTotal
from plans.compile import compile_rate_spec
from plans.conventions import Conventions
from plans.models import Service, Unit
from plans.specs import RateSpec, service_of, unit_of
from plans.terms import ALWAYS
from portal.formatting import currency_decimals

EXAMPLE_SECONDS: Final = 4 * 60 + 12
EXAMPLE_OCTETS_MB: Final = 250
EXAMPLE_EVENTS: Final = 3


def example_of(rate: RateSpec, by: Conventions) -> str:
    """4:12 → €0.38; 250 MB → €2.50; 3 SMS → €0.27; where the rate applies."""
    if min(rate.per, rate.increment) < 1 or min(rate.price, rate.connect_fee) < 0:
        return ""
    compiled = compile_rate_spec(
        replace(rate, conditions=ALWAYS),
        key="example",
        decimals=currency_decimals(by.currency),
        rating_groups=by.metered,
    )
    units, words = _use_of(unit_of(rate, by.metered), service_of(rate, by.metered), by)
    cost = pricing.price(compiled, LineTotal(), 0, units).cost + compiled.connect_fee
    return f"{words} → {by.money(cost)}"


def _use_of(unit: str, service: str, by: Conventions) -> tuple[int, str]:
    if unit == Unit.SECONDS:
        return EXAMPLE_SECONDS, "4:12"
    if unit == Unit.OCTETS:
        return EXAMPLE_OCTETS_MB * by.gigabyte_base**2, f"{EXAMPLE_OCTETS_MB} MB"
    noun = "SMS" if service == Service.SMS else "events"
    return EXAMPLE_EVENTS, f"{EXAMPLE_EVENTS} {noun}"
