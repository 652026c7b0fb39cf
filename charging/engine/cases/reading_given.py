"""What a case file gives: tariffs, accounts and their balances, shared groups."""

from __future__ import annotations

from decimal import Decimal

from charging.engine.cases.case import (
    ALWAYS,
    Account,
    Activation,
    Balance,
    Given,
    Group,
    Kind,
    RatePrice,
    RatingProfile,
    Rule,
    SlotPrice,
    Timing,
    Window,
)
from charging.engine.cases.nodes import Fields, Node
from charging.engine.tariff import AtMaximum, Rounding
from charging.engine.values import SharedOrder

_TIMING = ("years", "months", "month_days", "weekdays", "start", "end")
_SECONDS_A_DAY = 86_400
_DECIMALS_MAX = 60
_ROUNDING = {"up": Rounding.UP, "middle": Rounding.HALF_UP, "down": Rounding.DOWN}
_AT_MAX_COST = {"free": AtMaximum.FREE, "disconnect": AtMaximum.STOP}
_STRATEGIES = {
    "lowest": SharedOrder.LOWEST,
    "highest": SharedOrder.HIGHEST,
    "mine_lowest": SharedOrder.OWN_LOWEST,
    "mine_highest": SharedOrder.OWN_HIGHEST,
}


def read_given(node: Node) -> Given:
    fields = node.fields(
        *("settings", "destinations", "timings", "rates", "rating_plans", "rating_profiles"),
        *("account", "other_accounts", "shared_groups"),
    )
    settings = fields.get("settings")
    places = settings.fields("money_decimals").get("money_decimals") if settings else None
    account = fields.get("account")
    given = Given(
        money_decimals=places.whole(0, _DECIMALS_MAX) if places else 9,
        destinations={code: each.texts() for code, each in fields.members_of("destinations")},
        timings={code: _read_timing(each) for code, each in fields.members_of("timings")},
        rates={code: _read_rate(each) for code, each in fields.members_of("rates")},
        rating_plans={
            code: tuple(_read_rule(rule) for rule in each.items())
            for code, each in fields.members_of("rating_plans")
        },
        rating_profiles=tuple(_read_profile(each) for each in fields.list_of("rating_profiles")),
        account=_read_account(account) if account else None,
        other_accounts=tuple(_read_account(each) for each in fields.list_of("other_accounts")),
        groups={code: _read_group(each) for code, each in fields.members_of("shared_groups")},
    )
    _check_references(node, given)
    return given


def _check_references(node: Node, given: Given) -> None:
    """Rates and timings that rules name must be given; without the others a rule just never
    applies."""
    for plan, rules in given.rating_plans.items():
        for place, rule in enumerate(rules):
            path = f"{node.path}.rating_plans.{plan}[{place}]"
            if rule.rate not in given.rates:
                raise Node(None, f"{path}.rate").fail(f"{rule.rate!r} is not given")
            if rule.timing != ALWAYS and rule.timing not in given.timings:
                raise Node(None, f"{path}.timing").fail(f"{rule.timing!r} is not given")
    ids = [account.id for account in (given.account, *given.other_accounts) if account]
    if len(set(ids)) < len(ids):
        raise node.fail("two accounts have the same id")


def _read_timing(node: Node) -> Timing:
    return _timing_of(node.fields(*_TIMING))


def _timing_of(fields: Fields) -> Timing:
    start, end = fields.get("start"), fields.get("end")
    if start and _time_of_day(start) == _SECONDS_A_DAY:
        raise start.fail("no timing begins at the end of the day")
    return Timing(
        years=_days(fields, "years", 1, 9999),
        months=_days(fields, "months", 1, 12),
        month_days=_days(fields, "month_days", 1, 31),
        weekdays=_days(fields, "weekdays", 0, 6),
        start=_time_of_day(start) if start else 0,
        end=_time_of_day(end) if end else None,
    )


def _days(fields: Fields, name: str, least: int, most: int) -> frozenset[int]:
    return frozenset(each.whole(least, most) for each in fields.list_of(name))


def _time_of_day(node: Node) -> int:
    """Seconds of the day, of a text such as "18:00:00" or "18:00"."""
    numbers = node.text().split(":")
    if len(numbers) not in {2, 3} or not all(
        part.isascii() and part.isdecimal() for part in numbers
    ):
        raise node.fail(f"{node.value!r} is not a time of day")
    hours, minutes, seconds = (*map(int, numbers), 0)[:3]
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > _SECONDS_A_DAY:
        raise node.fail(f"{node.value!r} is not a time of day")
    return total


def _read_rate(node: Node) -> RatePrice:
    fields = node.fields("connect_fee", "slots")
    fee = fields.get("connect_fee")
    slots = sorted(
        (_read_slot(each) for each in fields.need("slots").items()), key=lambda slot: slot.start
    )
    if not slots or slots[0].start:
        raise fields.need("slots").fail("the first slot must begin at 0")
    if len({slot.start for slot in slots}) < len(slots):
        raise fields.need("slots").fail("two slots begin at the same unit")
    return RatePrice(connect_fee=fee.amount() if fee else Decimal(0), slots=tuple(slots))


def _read_slot(node: Node) -> SlotPrice:
    fields = node.fields("from", "rate", "unit", "increment")
    start, unit, increment = fields.get("from"), fields.get("unit"), fields.get("increment")
    return SlotPrice(
        start=start.whole() if start else 0,
        rate=fields.need("rate").amount(),
        unit=unit.whole(1) if unit else 1,
        increment=increment.whole(1) if increment else 1,
    )


def _read_rule(node: Node) -> Rule:
    fields = node.fields(
        *("destination", "rate", "timing", "weight", "rounding", "decimals"),
        *("max_cost", "max_cost_strategy"),
    )
    decimals, max_cost = fields.get("decimals"), fields.get("max_cost")
    strategy, rounding = fields.get("max_cost_strategy"), fields.get("rounding")
    return Rule(
        destination=fields.need("destination").text(),
        rate=fields.need("rate").text(),
        timing=fields.text("timing", ALWAYS),
        weight=fields.number("weight"),
        rounding=_ROUNDING[rounding.choice(_ROUNDING)] if rounding else Rounding.HALF_UP,
        decimals=decimals.whole() if decimals else None,
        max_cost=max_cost.amount() if max_cost and strategy else None,
        at_max_cost=_AT_MAX_COST[strategy.choice(_AT_MAX_COST)] if strategy else AtMaximum.FREE,
    )


def _read_profile(node: Node) -> RatingProfile:
    fields = node.fields("category", "subject", "activations")
    return RatingProfile(
        category=fields.need("category").text(),
        subject=fields.need("subject").text(),
        activations=tuple(_read_activation(each) for each in fields.need("activations").items()),
    )


def _read_activation(node: Node) -> Activation:
    fields = node.fields("from", "plan", "fallback")
    fallback = fields.get("fallback")
    return Activation(
        starts_at=fields.need("from").instant(),
        plan=fields.need("plan").text(),
        fallback=fallback.texts() if fallback else (),
    )


# ── accounts ─────────────────────────────────────────────────────────────────────────────────


def _read_account(node: Node) -> Account:
    fields = node.fields("id", "allow_negative", "disabled", "balances")
    balances = tuple(_read_balance(each) for each in fields.list_of("balances"))
    ids = [balance.id for balance in balances]
    if len(set(ids)) < len(ids):
        raise node.fail("two balances have the same id")
    return Account(
        id=fields.need("id").text(),
        allows_negative=fields.flag("allow_negative"),
        is_disabled=fields.flag("disabled"),
        balances=balances,
    )


def _read_balance(node: Node) -> Balance:
    fields = node.fields(
        *("id", "type", "value", "weight", "destinations", "categories", "expires_at"),
        *("windows", "blocker", "disabled", "rating", "factors", "shared_groups"),
    )
    rating = fields.get("rating")
    terms = rating.fields("zero_increment", "subject") if rating else None
    increment, subject = (
        (terms.get("zero_increment"), terms.get("subject")) if terms else (None,) * 2
    )
    if rating and increment and subject:
        raise rating.fail("is either free or priced by a subject")
    expires_at, categories = fields.get("expires_at"), fields.get("categories")
    groups = fields.get("shared_groups")
    included, excluded = _read_destinations(fields)
    return Balance(
        id=fields.need("id").text(),
        kind=Kind(fields.need("type").choice(Kind)),
        value=fields.need("value").number(),
        weight=fields.number("weight"),
        included=included,
        excluded=excluded,
        categories=frozenset(categories.texts() if categories else ()),
        expires_at=expires_at.instant() if expires_at else None,
        windows=tuple(_read_window(each) for each in fields.list_of("windows")),
        is_blocker=fields.flag("blocker"),
        is_disabled=fields.flag("disabled"),
        zero_increment=increment.whole(1) if increment else None,
        subject=subject.text() if subject else "",
        factors={key: each.amount() for key, each in fields.members_of("factors")},
        groups=groups.texts() if groups else (),
    )


def _read_destinations(fields: Fields) -> tuple[frozenset[str], frozenset[str]]:
    included: set[str] = set()
    excluded: set[str] = set()
    for each in fields.list_of("destinations"):
        destination = each.fields("id", "include")
        include = destination.get("include")
        chosen = included if include is None or include.flag() else excluded
        chosen.add(destination.need("id").text())
    return frozenset(included), frozenset(excluded)


def _read_window(node: Node) -> Window:
    fields = node.fields(*_TIMING, "negated")
    return Window(timing=_timing_of(fields), is_negated=fields.flag("negated"))


def _read_group(node: Node) -> Group:
    fields = node.fields("strategy", "members")
    strategy = fields.get("strategy")
    return Group(
        order=_STRATEGIES[strategy.choice(_STRATEGIES)] if strategy else SharedOrder.OWN_LOWEST,
        members=fields.need("members").texts(),
    )
