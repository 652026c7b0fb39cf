"""What time it is for an account: in a sandbox, support may have moved its clock on."""

from __future__ import annotations

from datetime import datetime, timedelta

from subscribers.models import Account


def account_time(account: Account, now: datetime) -> datetime:
    """`now` as the account lives it (Account.clock_offset; outside sandboxes simply `now`)."""
    return now + timedelta(seconds=account.clock_offset)
