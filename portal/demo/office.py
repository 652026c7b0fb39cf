"""What the operator's staff did on one day: top-ups, corrections, a lost phone."""

from __future__ import annotations

import contextlib
import random
from datetime import datetime, timedelta
from typing import Final

from charging.models import Bucket
from charging.services import adjust_bucket, top_up_money, top_up_units
from portal.demo.names import STORY_NAME
from portal.demo.operators import GIGABYTE, MINUTE, NANO, Operator
from portal.tenancy.actor import Actor
from subscribers.models import Account
from subscribers.services import AccountTerminated, StateUnchanged, change_account_state

TOP_UPS_A_DAY: Final = 6
_AMOUNTS: Final = (5, 10, 10, 15, 20, 25)
_PAID_BY: Final = ("Voucher", "Card payment", "Bank transfer", "Shop")
_GIFT_EVERY_DAYS: Final = 4

_CORRECTIONS: Final = {
    2: ("goodwill", "Two days without coverage at home", "data", GIGABYTE),
    4: ("wrong-charge", "Call to the voicemail was charged", "voice", 12 * MINUTE),
    7: ("service-problem", "Messages were sent twice", "sms", 20),
    8: ("failed-top-up", "The card was charged, no money came", "money", 10 * NANO),
    11: ("failed-top-up", "The same voucher was credited twice", "money", -NANO),
}
"""Day → reason, note, service, units or nano-units."""

_STATES: Final = {
    5: (40, "suspended", "Reported stolen"),
    9: (61, "suspended", "Invoice of the shop unpaid"),
    10: (40, "active", "New SIM was handed out"),
    12: (77, "terminated", "Moved abroad"),
}
"""Day → number of the account, its new state, why."""


def work_a_day(operator: Operator, day: int, *, agent: Actor, morning: datetime) -> None:
    """Everything of one day, counted from 0; may be repeated."""
    choice = random.Random(f"{operator.slug} office {day}")
    customers = Account.objects.filter(state=Account.State.ACTIVE).exclude(name=STORY_NAME)
    accounts = list(customers.order_by("pk"))
    at = morning
    for number, account in enumerate(choice.sample(accounts, TOP_UPS_A_DAY)):
        at += timedelta(minutes=choice.randint(3, 20))
        top_up_money(
            account=account,
            amount=choice.choice(_AMOUNTS) * NANO,
            reason=choice.choice(_PAID_BY),
            request_key=f"demo-{day}-{number}",
            actor=agent,
            now=at,
        )
    if day % _GIFT_EVERY_DAYS == 0:
        _give_data(choice.choice(accounts), day, agent, at + timedelta(minutes=4))
    if day in _CORRECTIONS:
        _correct(choice.sample(accounts, len(accounts)), day, agent, at + timedelta(minutes=9))
    if day in _STATES:
        _change_state(operator, day, agent, at + timedelta(minutes=15))


def _give_data(account: Account, day: int, agent: Actor, at: datetime) -> None:
    top_up_units(
        account=account,
        service="data",
        amount=2 * GIGABYTE,
        reason="Won in the spring raffle",
        request_key=f"demo-{day}-gift",
        actor=agent,
        now=at,
    )


def _correct(accounts: list[Account], day: int, agent: Actor, at: datetime) -> None:
    """For the first account, in the order given, that can bear it."""
    reason, note, service, delta = _CORRECTIONS[day]
    buckets = Bucket.objects.select_related("account").filter(
        service=service,
        role=Bucket.Role.PAYS,
        account__in=accounts,
        available__gte=max(0, -delta),
    )
    by_account = {bucket.account_id: bucket for bucket in buckets.order_by("-pk")}
    bucket = next(by_account[account.pk] for account in accounts if account.pk in by_account)
    adjust_bucket(
        bucket=bucket,
        delta=delta,
        reason=reason,
        note=note,
        request_key=f"demo-{day}-correction",
        actor=agent,
        now=at,
    )


def _change_state(operator: Operator, day: int, agent: Actor, at: datetime) -> None:
    number, state, reason = _STATES[day]
    account = Account.objects.get(public_id=operator.account_id(number))
    with contextlib.suppress(StateUnchanged, AccountTerminated):  # done before an interruption
        change_account_state(account=account, state=state, reason=reason, actor=agent, now=at)
