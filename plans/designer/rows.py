"""Rows of the designer: allowances with their thresholds, and rates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid5

from plans.conventions import Conventions, noun_of
from plans.designer.controls import (
    Control,
    Row,
    coverage_control,
    coverage_numbers,
    new_token,
    quantity_control,
    quantity_texts,
)
from plans.designer.reading import Reader
from plans.models import Service, Unit
from plans.specs import (
    AllowanceSpec,
    RateSpec,
    ThresholdSpec,
    plain_decimal,
    service_of,
    unit_of,
)
from plans.terms import LifetimeSpec
from plans.wording import service_name
from portal.formatting import UnitChoice, money_text

PERCENT = "%"

Texts = dict[str, str]


# ── thresholds ───────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class ThresholdRow(Row):
    """A name, a number and its unit: percent, or one of the allowance's units."""

    kept: ThresholdSpec
    """As it was saved: what the page does not edit is kept."""

    @classmethod
    def build(
        cls,
        parent: Row,
        token: str,
        data: Mapping[str, str],
        units: Iterable[UnitChoice],
        path: str,
        kept: ThresholdSpec | None = None,
    ) -> ThresholdRow:
        row = cls(prefix=f"{parent.id}-thresholds", token=token, kept=kept or ThresholdSpec())
        row.add("name", data, paths=[f"{path}/name"])
        level = row.add("level", data, paths=[f"{path}/percent", f"{path}/amount", path])
        level.units = (UnitChoice(PERCENT, 1), *units)
        posted = data.get(f"{level.name}_unit", PERCENT)
        labels = {choice.label for choice in level.units}
        level.unit = posted if posted in labels else PERCENT
        return row

    @property
    def is_percent(self) -> bool:
        return self["level"].unit == PERCENT

    def spec(self, reader: Reader, unit: str) -> ThresholdSpec:
        name, level = self["name"].value, self["level"]
        if self.is_percent:
            return replace(self.kept, name=name, percent=reader.percent(level), amount=None)
        return replace(self.kept, name=name, percent=None, amount=reader.quantity(level, unit))


def threshold_token(mark: ThresholdSpec, allowance: AllowanceSpec) -> str:
    """The same for a saved mark each time, so that a form can be told which one it sends."""
    return uuid5(allowance.key, mark.label).hex if allowance.key else new_token()


def threshold_texts(
    row_id: str, mark: ThresholdSpec, allowance: AllowanceSpec, by: Conventions
) -> Texts:
    prefix = f"{row_id}-thresholds-{threshold_token(mark, allowance)}"
    name = "" if mark.name == ThresholdSpec(percent=mark.percent).label else mark.name
    texts = {f"{prefix}-name": name}
    if mark.percent is not None:
        level = {f"{prefix}-level": plain_decimal(mark.percent), f"{prefix}-level_unit": PERCENT}
    elif unit_of(allowance, by.metered) == Unit.NANO_MONEY:
        level = {
            f"{prefix}-level": money_text(mark.amount or 0, by.currency),
            f"{prefix}-level_unit": by.currency,
        }
    else:
        level = quantity_texts(
            f"{prefix}-level",
            mark.amount or 0,
            allowance.display_unit,
            unit_of(allowance, by.metered),
            service_of(allowance, by.metered),
            by,
        )
    return texts | level


# ── allowances ───────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class AllowanceRow(Row):
    """An allowance as typed."""

    service: str
    unit: str
    kept: AllowanceSpec
    """As it was saved: what the page does not edit is kept."""
    also: str = ""
    """Those terms in words."""
    thresholds: list[ThresholdRow] = field(default_factory=list)

    @classmethod
    def build(
        cls,
        token: str,
        data: Mapping[str, str],
        threshold_tokens: Iterable[str],
        place: int,
        by: Conventions,
        kept: AllowanceSpec | None = None,
    ) -> AllowanceRow:
        path = f"allowances/{place}"
        service = data.get(f"allowances-{token}-service", "")
        numbers = coverage_numbers(data.get(f"allowances-{token}-applies_to", ""))
        probe = AllowanceSpec(name="", amount=1, service=service, rating_groups=numbers)
        unit = unit_of(probe, by.metered) or Unit.EVENTS
        row = cls(
            prefix="allowances",
            token=token,
            service=service,
            unit=unit,
            kept=kept or AllowanceSpec(name="", amount=0),
        )
        row.add("name", data, paths=[f"{path}/name", f"{path}/key", path])
        row._add_amount(data, path, by)
        row.add("validity_days", data, paths=[f"{path}/validity_days"])
        coverage_control(
            row.add("applies_to", data, paths=[f"{path}/rating_groups", f"{path}/service"]),
            f"All {service_name(service, sentence=True)}"
            if service != Service.MONEY
            else "Everything",
            list(by.rating_groups.values()) if service == Service.MONEY else by.groups_of(service),
        )
        saved = {threshold_token(mark, row.kept): mark for mark in row.kept.thresholds}
        row.thresholds = [
            ThresholdRow.build(
                row,
                mark,
                data,
                row["amount"].units,
                f"{path}/thresholds/{number}",
                saved.get(mark),
            )
            for number, mark in enumerate(threshold_tokens)
        ]
        return row

    @property
    def is_money(self) -> bool:
        return self.unit == Unit.NANO_MONEY

    def spec(self, reader: Reader) -> AllowanceSpec:
        amount = self["amount"]
        days = reader.optional_whole(self["validity_days"])
        lifetime = self.kept.lifetime
        if days is not None:
            lifetime = LifetimeSpec(from_first_use=lifetime.from_first_use)
        return replace(
            self.kept,
            weight=None,
            lifetime=lifetime,
            key=self.key,
            name=self["name"].value,
            service=self.service,
            rating_groups=coverage_numbers(self["applies_to"].value),
            amount=reader.quantity(amount, self.unit),
            display_unit=amount.unit,
            validity_days=days,
            thresholds=tuple(mark.spec(reader, self.unit) for mark in self.thresholds),
        )

    def _add_amount(self, data: Mapping[str, str], path: str, by: Conventions) -> Control:
        amount = self.add("amount", data, paths=[f"{path}/amount"])
        if self.is_money:
            amount.unit = by.currency
            amount.units = (UnitChoice(by.currency, 1),)
            return amount
        return quantity_control(amount, data, self.unit, self.service, by)


def allowance_texts(allowance: AllowanceSpec, by: Conventions) -> Texts:
    """What the form would send for an allowance."""
    row_id = f"allowances-{allowance.key.hex if allowance.key else new_token()}"
    service = service_of(allowance, by.metered)
    unit = unit_of(allowance, by.metered)
    texts = {
        f"{row_id}-service": service,
        f"{row_id}-name": allowance.name,
        f"{row_id}-validity_days": str(allowance.validity_days or ""),
        f"{row_id}-applies_to": ",".join(map(str, allowance.rating_groups)),
    }
    if unit == Unit.NANO_MONEY:
        texts[f"{row_id}-amount"] = money_text(allowance.amount, by.currency)
    else:
        texts |= quantity_texts(
            f"{row_id}-amount", allowance.amount, allowance.display_unit, unit, service, by
        )
    for mark in allowance.thresholds:
        texts |= threshold_texts(row_id, mark, allowance, by)
    return texts


# ── rates ────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, kw_only=True)
class RateRow(Row):
    """A rate as typed, and what an example of its use costs."""

    service: str
    unit: str
    kept: RateSpec
    """As it was saved: what the page does not edit is kept."""
    also: str = ""
    """Those terms in words."""
    example: str = ""

    @classmethod
    def build(
        cls,
        token: str,
        data: Mapping[str, str],
        place: int,
        by: Conventions,
        kept: RateSpec | None = None,
    ) -> RateRow:
        path = f"rates/{place}"
        service = data.get(f"rates-{token}-service", "")
        numbers = coverage_numbers(data.get(f"rates-{token}-applies_to", ""))
        probe = RateSpec(price=0, per=1, service=service, rating_groups=numbers)
        unit = unit_of(probe, by.metered) or Unit.EVENTS
        row = cls(
            prefix="rates",
            token=token,
            service=service,
            unit=unit,
            kept=kept or RateSpec(price=0, per=1),
        )
        coverage_control(
            row.add(
                "applies_to",
                data,
                paths=[f"{path}/rating_groups", f"{path}/service", f"{path}/key", path],
            ),
            f"All {service_name(service, sentence=True)}",
            by.groups_of(service),
        )
        row.add("price", data, paths=[f"{path}/price"])
        row.add("connect_fee", data, paths=[f"{path}/connect_fee"])
        for name in ("per", "increment"):
            control = row.add(name, data, paths=[f"{path}/{name}"])
            quantity_control(control, data, unit, service, by)
        return row

    @property
    def is_per_event(self) -> bool:
        return self.unit == Unit.EVENTS

    def spec(self, reader: Reader) -> RateSpec:
        return replace(
            self.kept,
            key=self.key,
            service=self.service,
            rating_groups=coverage_numbers(self["applies_to"].value),
            price=reader.money(self["price"]),
            per=reader.quantity(self["per"], self.unit),
            increment=reader.quantity(self["increment"], self.unit),
            connect_fee=reader.money(self["connect_fee"], default=0),
        )


def rate_texts(rate: RateSpec, by: Conventions) -> Texts:
    """What the form would send for a rate."""
    row_id = f"rates-{rate.key.hex if rate.key else new_token()}"
    service = service_of(rate, by.metered)
    unit = unit_of(rate, by.metered)
    fee = money_text(rate.connect_fee, by.currency) if rate.connect_fee else ""
    label = noun_of(service) if unit == Unit.EVENTS else ""
    return {
        f"{row_id}-service": service,
        f"{row_id}-applies_to": ",".join(map(str, rate.rating_groups)),
        f"{row_id}-price": money_text(rate.price, by.currency),
        f"{row_id}-connect_fee": fee,
        **quantity_texts(f"{row_id}-per", rate.per, label, unit, service, by),
        **quantity_texts(f"{row_id}-increment", rate.increment, label, unit, service, by),
    }
