"""What a story begins with: buckets, prices, hours and numbers, written as people write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from charging.engine.calendar import Almanac, Band, Window
from charging.engine.conditions import Conditions, Destinations, Situation
from charging.engine.prefixes import PrefixTable
from charging.engine.tariff import (
    Action,
    AtMaximum,
    Factor,
    Rate,
    Rates,
    Role,
    Rounding,
    Slot,
    Tariff,
    Terms,
    Threshold,
    Unit,
)
from charging.engine.values import Account, Bucket, SharedOrder
from charging.tests.engine.builders import DATA, GROUPS, SMS, VIDEO, VOICE
from charging.tests.stories.figures import amount

_NANO: Final = 10**9
_UNITS: Final = {
    "s": (Unit.SECONDS, "voice"),
    "B": (Unit.OCTETS, "data"),
    "message": (Unit.EVENTS, "sms"),
    "unit": (Unit.GENERIC, "generic"),
    "€": (Unit.NANO_MONEY, "money"),
}
SERVICES: Final = {"voice": VOICE, "sms": SMS, "data": DATA, "video": VIDEO}
_DAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)


def counted(text: str) -> int:
    """In units, or nano-units of money."""
    unit, number = amount(text)
    exact = number * _NANO if unit == "€" else number
    assert exact.denominator == 1, f"{text} is no whole amount"
    return exact.numerator


class Given:
    """The account and its world, from a story's `given`."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = dict(given)
        self.zone: tzinfo = ZoneInfo(self._take("clock", "UTC"))
        holidays = frozenset(date.fromisoformat(each) for each in self._take("holidays", []))
        self.almanac = Almanac(zone=self.zone, holidays=holidays)
        self._bands = {
            key: Band(key=key, windows=tuple(_window(each) for each in text.split(", ")))
            for key, text in self._take("hours", {}).items()
        }
        numbers = self._take("numbers", {})
        self._table = PrefixTable((each, key) for key, found in numbers.items() for each in found)
        buckets = self._take("buckets", {})
        self.ids = {name: number for number, name in enumerate(buckets, start=1)}
        self.account = self._account(
            [self._bucket(name, _full(told)) for name, told in buckets.items()],
            [self._rates(self._take("prices", [])), *map(self._rates, self._take("fallback", []))],
            self._rates(self._take("add_on", [])),
        )
        assert not self._given, f"unknown: {list(self._given)}"

    def at(self, text: str) -> datetime:
        """Local wall time as an instant."""
        return datetime.fromisoformat(text).replace(tzinfo=self.zone).astimezone(UTC)

    def situation(self, step: dict[str, Any]) -> Situation:
        return Situation(
            prefixes=self._table.match(step.pop("to", "")),
            zones=frozenset(step.pop("in", ["home"])),
            on_net=step.pop("on_net", None),
            is_emergency=step.pop("emergency", False),
        )

    def _take(self, key: str, otherwise: Any) -> Any:
        return self._given.pop(key, otherwise)

    def _account(self, buckets: list[Bucket], lists: list[Rates], add_on: Rates) -> Account:
        shared = {key: SharedOrder(order) for key, order in self._take("shared", {}).items()}
        only = Tariff(
            version_id=1,
            label=self._take("plan", "Plan"),
            rates=lists[0],
            fallbacks=tuple(lists[1:]),
            zero_rated=frozenset(SERVICES[each].number for each in self._take("free", [])),
            money_first=self._take("money_first", False),
        )
        return Account(
            id=1,
            buckets=tuple(buckets),
            tariffs=(Tariff(version_id=2, label="Add-on", rates=add_on), only),
            rating_groups=GROUPS,
            almanac=self.almanac,
            shared=shared,
            may_use=self._take("may_use", True),
        )

    def _bucket(self, name: str, told: dict[str, Any]) -> Bucket:
        unit, service = _UNITS[amount(told["has"])[0]]
        has = counted(told.pop("has"))
        granted = counted(told.pop("of")) if "of" in told else max(has, 0)
        begins, ends = told.pop("from", None), told.pop("until", None)
        bucket = Bucket(
            id=self.ids[name],
            name=name,
            unit=unit,
            service=told.pop("service", service),
            granted=granted,
            available=has,
            used=granted - has,
            weight=told.pop("weight", 0),
            valid_from=self.at(begins) if begins else _LONG_AGO,
            expires_at=self.at(ends) if ends else None,
            credit_limit=counted(told.pop("credit", "€0")),
            group=told.pop("group", ""),
            owner_id=told.pop("owner", 0),
            capped_by=self.ids[told.pop("capped_by")] if "capped_by" in told else 0,
            rating_groups=frozenset(SERVICES[each].number for each in told.pop("only", [])),
            thresholds=tuple(
                self._mark(name, dict(mark)) for name, mark in told.pop("marks", {}).items()
            ),
            allowance_key=name,
            terms=self._terms(told),
        )
        assert not told, f"unknown of {name}: {list(told)}"
        return bucket

    def _terms(self, told: dict[str, Any]) -> Terms:
        factors = told.pop("takes", {})
        return Terms(
            is_blocker=told.pop("blocks", False),
            step=counted(told.pop("step")) if "step" in told else 1,
            is_unlimited=told.pop("unlimited", False),
            role=Role.COUNTS if told.pop("counts", False) else Role.PAYS,
            limits=told.pop("limits", False),
            factors=tuple(
                Factor(times=Fraction(str(times)), when=self._conditions({"for": [group]}))
                for group, times in factors.items()
            ),
            when=self._conditions(told),
        )

    def _mark(self, name: str, told: dict[str, Any]) -> Threshold:
        unit, number = amount(told["at"])
        where = (
            {"percent_hundredths": int(number * 100)}
            if unit == "%"
            else {"amount": counted(told["at"])}
        )
        quiet = told.pop("quiet", None)
        threshold = Threshold(
            name=name,
            action=Action(told.pop("does", "notify")),
            target=told.pop("target", ""),
            quiet=_window(quiet) if quiet else None,
            **where,
        )
        del told["at"]
        assert not told, f"unknown of mark {name}: {list(told)}"
        return threshold

    def _conditions(self, told: dict[str, Any]) -> Conditions:
        """Takes `for`, `not_for`, `zones`, `on_net`, `hours` out of what is told."""
        included, excluded = told.pop("for", []), told.pop("not_for", [])
        hours = told.pop("hours", None)
        return Conditions(
            destinations=Destinations(included=frozenset(included), excluded=frozenset(excluded))
            if included or excluded
            else None,
            zones=frozenset(told.pop("zones", [])),
            on_net=told.pop("on_net", None),
            band=self._bands[hours] if hours else None,
        )

    def _rates(self, prices: Iterable[dict[str, Any]]) -> Rates:
        return Rates(self._rate(f"rate-{n}", dict(price)) for n, price in enumerate(prices))

    def _rate(self, key: str, told: dict[str, Any]) -> Rate:
        group = SERVICES[told.pop("service", "voice")]
        begins = told.pop("since", None)
        first, *later = [
            {key: told[key] for key in ("price", "per", "step") if key in told},
            *told.pop("then", []),
        ]
        for key_of_slot in first:
            del told[key_of_slot]
        maximum = told.pop("maximum", None)
        rate = Rate(
            key=key,
            service=group.service,
            slots=tuple(_slot({**first, **each}) for each in [{}, *later]),
            is_volume=told.pop("volume", False),
            connect_fee=counted(told.pop("connect_fee", "€0")),
            rounding=Rounding(told.pop("rounding", "half_up")),
            minimum=counted(told.pop("minimum", "€0")),
            maximum=counted(maximum) if maximum else None,
            at_maximum=AtMaximum(told.pop("at_maximum", "free")),
            weight=told.pop("weight", 0),
            active_from=self.at(begins) if begins else None,
            tax_hundredths=int(amount(told.pop("tax", "0 %"))[1] * 100),
            when=self._conditions(told),
        )
        assert not told, f"unknown of a price: {list(told)}"
        return rate


def _slot(told: dict[str, Any]) -> Slot:
    return Slot(
        start=counted(told["from"]) if "from" in told else 0,
        price=counted(told["price"]),
        per=counted(told["per"]),
        increment=counted(told.get("step", "1 unit")),
    )


def _full(told: str | dict[str, Any]) -> dict[str, Any]:
    return {"has": told} if isinstance(told, str) else dict(told)


def _window(text: str) -> Window:
    """`22:00-06:00`, `Sat Sun`, `Mon-Fri 08:00-18:00` (days from-to), or `holidays`."""
    window = Window()
    for word in text.split():
        if word == "holidays":
            window = replace(window, holidays=True)
        elif ":" in word:
            start, end = word.split("-")
            window = replace(window, start=_second(start), end=_second(end))
        else:
            first, _, last = word.partition("-")
            days = range(_DAYS.index(first), _DAYS.index(last or first) + 1)
            window = replace(window, weekdays=window.weekdays | frozenset(days))
    return window


def _second(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60
