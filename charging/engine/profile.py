"""Switches for rules that other charging systems see differently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of docs/rating.md, unless switched."""

    takes_turns: bool = False
    """One bucket after the other pays whole steps by itself, as far as it can and across prices;
    all are asked again while something was paid. False: where the price or the set of buckets
    changes usage is split, and for each stretch units pay, then money, which may share a step."""
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
    takes_turns=True,
    one_pays_connect_fee=True,
    units_waive_connect_fee=True,
    slots_count_all_usage=True,
    nearest_start_wins=True,
)
"""What `rating-cases/1` files assume."""
