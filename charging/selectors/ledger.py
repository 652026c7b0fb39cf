"""Every move of an account's amounts, newest first, and how one balance came to be."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from charging.models import Bucket, LedgerEntry
from subscribers.models import Account

CHANGES: Final = "changes"
"""A filter of its own: what a subscriber notices. Reservations come and go within sessions."""

_CHANGES: Final = (
    LedgerEntry.Kind.ISSUE,
    LedgerEntry.Kind.POST,
    LedgerEntry.Kind.EXPIRE,
    LedgerEntry.Kind.ADJUST,
    LedgerEntry.Kind.TRANSFER,
    LedgerEntry.Kind.REVERSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a waterfall: consecutive entries of one kind, taken together."""

    kind: str
    label: str
    entries: int
    change: int
    """Of available + reserved: what the subscriber sees of it."""
    after: int
    entry: LedgerEntry | None = None
    """The one entry it is, where nothing else is taken together with it."""

    @property
    def is_reversible(self) -> bool:
        return self.entry is not None and is_reversible(self.entry)


def is_reversible(entry: LedgerEntry) -> bool:
    """Whether it used something that was not given back yet; asks what is prefetched."""
    return entry.used > 0 and not entry.reversals.all()


def kinds_of(choice: str) -> tuple[str, ...]:
    """The kinds a filter stands for: one kind, CHANGES, or () for all."""
    if choice == CHANGES:
        return _CHANGES
    return (choice,) if choice in LedgerEntry.Kind.values else ()


def ledger_of(
    account: Account, *, bucket_key: int | None = None, kinds: Collection[str] = ()
) -> QuerySet[LedgerEntry]:
    """An account's entries, newest first; of one bucket or some kinds when given.

    What counters counted is left out unless one of them is the bucket.
    """
    entries = LedgerEntry.objects.filter(account=account)
    if bucket_key is not None:
        entries = entries.filter(bucket_id=bucket_key)
    else:
        entries = entries.filter(bucket__role=Bucket.Role.PAYS)
    if kinds:
        entries = entries.filter(kind__in=kinds)
    entries = entries.select_related("bucket", "session").prefetch_related("reversals")
    return entries.order_by("-pk")


def waterfall_of(bucket: Bucket, *, steps_max: int = 12) -> list[Step]:
    """How the bucket came to hold what it holds: the last `steps_max` changes, oldest first.

    Moves between available and reserved change nothing of what is left and are no steps; uses
    that follow each other are one step.
    """
    entries = LedgerEntry.objects.filter(bucket=bucket).prefetch_related("reversals")
    entries = entries.order_by("-pk")
    remaining = bucket.available + bucket.reserved
    steps: list[Step] = []
    for entry in _changes(entries):
        change = entry.available + entry.reserved
        last = steps[-1] if steps else None
        if last and last.kind == entry.kind == LedgerEntry.Kind.POST:
            steps[-1] = Step(
                kind=last.kind,
                label=last.label,
                entries=last.entries + 1,
                change=last.change + change,
                after=last.after,
            )
        elif len(steps) == steps_max:
            break
        else:
            steps.append(
                Step(
                    kind=entry.kind,
                    label=entry.reason or entry.get_kind_display(),
                    entries=1,
                    change=change,
                    after=remaining,
                    entry=entry,
                )
            )
        remaining -= change
    return steps[::-1]


def _changes(
    entries: QuerySet[LedgerEntry], *, looked_at_max: int = 2_000
) -> Iterator[LedgerEntry]:
    return (entry for entry in entries[:looked_at_max] if entry.available + entry.reserved)
