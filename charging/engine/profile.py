"""Switches for rules that other charging systems see differently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of docs/rating.md, unless switched."""

    pools_money: bool = True
    """Money buckets pay together, a step may be split between them. False: each pays whole steps
    by itself."""
    one_pays_connect_fee: bool = False
    """The connect fee comes whole from the first money bucket that can pay it."""
    units_waive_connect_fee: bool = False
    """A session that a bucket of free units paid first never pays a connect fee."""
    slots_count_all_usage: bool = False
    """A rate's slots begin after so much usage of the session, whatever paid for it. False: after
    so much priced usage."""
    nearest_start_wins: bool = False
    """Among equally heavy rates the one whose band opened last. False: the narrower band."""


OURS = Profile()

CASES = Profile(
    pools_money=False,
    one_pays_connect_fee=True,
    units_waive_connect_fee=True,
    slots_count_all_usage=True,
    nearest_start_wins=True,
)
"""What `rating-cases/1` files assume."""
