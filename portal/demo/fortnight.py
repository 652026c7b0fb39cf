"""Two weeks of an operator's life: what its staff did, and usage in between.

Day by day in the order of time, so that ledger and events read as they would have been written.
Each day is committed by itself; after an interruption the next run goes on where it ended.
"""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from charging.client.usage import UsagePlan
from charging.models import ChargingSession
from portal.demo.habits import HABITS, next_session
from portal.demo.names import STORY_NAME
from portal.demo.network import DemoNetwork
from portal.demo.office import work_a_day
from portal.demo.opening import people_of
from portal.demo.operators import Operator
from portal.tenancy.models import Tenant
from subscribers.models import Device

DAYS: Final = 14
EVERY_NTH_USES: Final = 3
"""Of the hundred accounts; enough to see something, few enough to be made in seconds."""

_OFFICE_HOUR: Final = 7
_BUSY_HOURS: Final = (11, 14, 17, 20)
_ENDED_BY: Final = timedelta(hours=2)
"""Before now, so that nothing is written in the future."""


def live_through(operator: Operator, tenant: Tenant, *, now: datetime) -> None:
    """Make the fortnight before `now`; call it in the tenant's scope, outside a transaction."""
    agent = people_of(tenant)["support"]
    newest = ChargingSession.objects.order_by("-opened_at", "-pk").first()
    with asyncio.Runner() as runner:
        network = DemoNetwork(tenant)
        runner.run(network.open())
        for day in range(DAYS):
            morning = _morning(now - timedelta(days=DAYS - 1 - day))
            if newest is not None and newest.opened_at > morning + timedelta(days=1):
                continue
            if morning + _ENDED_BY > now:
                break
            with transaction.atomic():
                work_a_day(operator, day, agent=agent, morning=morning)
            for at in _busy_times(morning, now):
                runner.run(network.play(_sessions(operator, day, at), at=at))
        runner.run(network.close())


def _morning(at: datetime) -> datetime:
    return at.replace(hour=_OFFICE_HOUR, minute=0, second=0, microsecond=0)


def _busy_times(morning: datetime, now: datetime) -> list[datetime]:
    times = [morning.replace(hour=hour) for hour in _BUSY_HOURS]
    return [at for at in times if at + _ENDED_BY <= now]


def _sessions(operator: Operator, day: int, at: datetime) -> list[UsagePlan]:
    choice = random.Random(f"{operator.slug} network {day} {at.hour}")
    customers = Device.objects.select_related("tenant").exclude(account__name=STORY_NAME)
    devices = customers.order_by("pk")[::EVERY_NTH_USES]
    plans = [
        next_session(device, HABITS[place % len(HABITS)], choice)
        for place, device in enumerate(devices)
    ]
    return [plan for plan in plans if plan is not None]
