"""Who is told when something changed: the groups of the channel layer, and how to reach them.

A message is a hint and nothing more: it says that something of a subject changed, never what.
Each connection then reads the truth with its own permissions. So a lost message costs a moment,
and Valkey may be emptied or restarted at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

from portal.tenancy.scope import current_tenant

logger = logging.getLogger(__name__)


def events_group(tenant_id: int) -> str:
    """Told with `events.published` when events of the tenant got their positions."""
    return f"events.{tenant_id}"


def touched_group(tenant_id: int) -> str:
    """Told with `accounts.touched` when balances or sessions of some accounts changed."""
    return f"touched.{tenant_id}"


def phone_group(device_key: int) -> str:
    """Told with `phone.changed` when the emulated phone of a device did something."""
    return f"phone.{device_key}"


async def announce_published(tenant_id: int, *, position: int, account_keys: Iterable[int]) -> None:
    """Events up to `position` can now be read."""
    message = {
        "type": "events.published",
        "position": position,
        "accounts": sorted(account_keys),
    }
    await _tell(events_group(tenant_id), message)


async def announce_touched(tenant_id: int, account_keys: Iterable[int]) -> None:
    """Amounts or sessions of these accounts (primary keys) changed; coalesce before calling."""
    message = {"type": "accounts.touched", "accounts": sorted(account_keys)}
    await _tell(touched_group(tenant_id), message)


async def announce_phone(device_key: int) -> None:
    """The emulated phone of a device (primary key) has something new to show."""
    await _tell(phone_group(device_key), {"type": "phone.changed"})


def touch_accounts(account_keys: Iterable[int]) -> None:
    """Announce accounts of the open scope once the transaction commits: for synchronous writes."""
    tenant_id, keys = current_tenant().pk, sorted(account_keys)
    after_commit(partial(announce_touched, tenant_id, keys))


def after_commit(announce: Callable[[], Any]) -> None:
    """Run one of the announcements above when the transaction of synchronous code commits."""
    transaction.on_commit(async_to_sync(announce))


async def _tell(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    try:
        await layer.group_send(group, message)
    except (redis.RedisError, OSError) as error:
        logger.debug("Nobody was told about %s, they will find out: %s", group, error)
