"""Who shares with whom: parents and children, families and companies.

Accounts that spend from each other's buckets go through one lock. Those connected by parents and
groups are one such circle; its lock row is the root, of the hierarchy or the group's owner. Joining
takes both circles' locks, the lower id first, and moves the whole of the one that joins; leaving
gives the part that goes a lock of its own (docs/locking.md).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from portal.tenancy import audit
from portal.tenancy.actor import Actor
from portal.tenancy.validation import FieldError, Invalid
from subscribers import events
from subscribers.locking import lock_accounts
from subscribers.models import Account, SharedGroup
from subscribers.services import AccountTerminated, insert

DEPTH_MAX: Final = 5
"""Accounts from the root of a hierarchy to its farthest child."""
MEMBERS_MAX: Final = 1_000
"""Accounts of one shared group."""


@transaction.atomic
def set_parent(*, account: Account, parent: Account | None, actor: Actor, now: datetime) -> Account:
    """Put an account below another, or on its own again (None).

    Raises Invalid at `parent` (another currency, a cycle, too deep), AccountTerminated.
    """
    return change_parent(account=account, parent=parent, actor=actor, now=now)[0]


@transaction.atomic
def change_parent(
    *, account: Account, parent: Account | None, actor: Actor, now: datetime
) -> tuple[Account, bool]:
    """The same; whether anything changed, too."""
    account = _lock_to_move(account, joins=parent, loses="parent")
    if account.parent_id == (parent.pk if parent else None):
        return account, False
    before = account.parent
    if parent is not None:
        parent = Account.objects.get(pk=parent.pk)
        _check_parent(account, parent)
    account.parent = parent
    account.save(update_fields=["parent"])
    _settle_locks(account, before, parent)
    change = {
        "before": before.public_id if before else None,
        "after": parent.public_id if parent else None,
    }
    _tell(account, "account.parent_changed", change, now)
    audit.record(
        "account.parent_changed",
        actor=actor,
        subject_type="account",
        subject_id=account.public_id,
        now=now,
        before={"parent": change["before"]} if before else {},
        after={"parent": change["after"]} if parent else {},
    )
    account.refresh_from_db()
    return account, True


@transaction.atomic
def create_group(
    *,
    code: str,
    name: str,
    owner: Account,
    order: str = SharedGroup.Order.OWN_LOWEST,
    actor: Actor,
    now: datetime,
) -> SharedGroup:
    """Start a shared group with its owner as the first member.

    Raises Invalid with the paths code, name, order, owner, and AccountTerminated.
    """
    owner = _lock_to_move(owner)
    if owner.state == Account.State.TERMINATED:
        raise AccountTerminated
    if owner.shared_group_id is not None:
        raise Invalid.at("owner", "The account is in a shared group already.")
    group = SharedGroup(
        code=code.strip(), name=name.strip(), order=order, owner=owner, created_at=now
    )
    taken = {"group_code_is_unique_in_its_tenant": FieldError("code", "This code is in use.")}
    insert(group, taken=taken)
    owner.shared_group = group
    owner.save(update_fields=["shared_group"])
    _record_membership("shared_group.joined", group, owner, actor, now)
    return group


@transaction.atomic
def change_group(
    *, group: SharedGroup, name: str, order: str, actor: Actor, now: datetime
) -> SharedGroup:
    """Rename a group, or order its members' buckets otherwise. Raises Invalid."""
    lock_accounts([group.owner_id])
    group.refresh_from_db()
    before = {"name": group.name, "order": group.order}
    group.name, group.order = name.strip(), order
    if not group.name:
        raise Invalid.at("name", "A group needs a name.")
    if order not in SharedGroup.Order.values:
        raise Invalid.at("order", "There is no such order.")
    after = {"name": group.name, "order": group.order}
    if after == before:
        return group
    group.save(update_fields=["name", "order"])
    audit.record(
        "shared_group.changed",
        actor=actor,
        subject_type="shared_group",
        subject_id=group.code,
        now=now,
        before=before,
        after=after,
    )
    return group


@transaction.atomic
def join_group(*, group: SharedGroup, account: Account, actor: Actor, now: datetime) -> Account:
    """Take an account into a shared group; a member joins no more.

    Raises Invalid at `account` (another group's member, another currency, the group is full),
    AccountTerminated.
    """
    owner = Account.objects.get(pk=group.owner_id)
    account = _lock_to_move(account, joins=owner)
    if account.shared_group_id == group.pk:
        return account
    _check_member(account, group, Account.objects.get(pk=owner.pk))
    account.shared_group = group
    account.save(update_fields=["shared_group"])
    _settle_locks(account, None, owner)
    _record_membership("shared_group.joined", group, account, actor, now)
    account.refresh_from_db()
    return account


@transaction.atomic
def leave_group(*, account: Account, actor: Actor, now: datetime) -> Account:
    """Take an account out of its shared group; the owner goes last, and the group with it.

    Raises Invalid at `account`.
    """
    account = _lock_to_move(account, loses="group")
    group = account.shared_group
    if group is None:
        return account
    is_owner = group.owner_id == account.pk
    if is_owner and group.members.count() > 1:
        raise Invalid.at("account", "The owner leaves last: take the other members out first.")
    owner = group.owner
    account.shared_group = None
    account.save(update_fields=["shared_group"])
    _record_membership("shared_group.left", group, account, actor, now)
    if is_owner:
        group.delete()
    else:
        _settle_locks(account, owner, None)
    account.refresh_from_db()
    return account


# ── checks ───────────────────────────────────────────────────────────────────────────────────


def _check_parent(account: Account, parent: Account) -> None:
    if Account.State.TERMINATED in (account.state, parent.state):
        raise AccountTerminated
    if parent.currency != account.currency:
        raise Invalid.at("parent", f"The parent’s currency is {parent.currency}.")
    line = _line_of(parent)
    if account.pk in line:
        raise Invalid.at("parent", "An account cannot be below itself.")
    if len(line) + _height_of(account) > DEPTH_MAX:
        raise Invalid.at("parent", f"A hierarchy is at most {DEPTH_MAX} accounts deep.")


def _check_member(account: Account, group: SharedGroup, owner: Account) -> None:
    if account.state == Account.State.TERMINATED:
        raise AccountTerminated
    if account.shared_group_id is not None:
        raise Invalid.at("account", "The account is in another shared group.")
    if account.currency != owner.currency:
        raise Invalid.at("account", f"The group’s currency is {owner.currency}.")
    if group.members.count() >= MEMBERS_MAX:
        raise Invalid.at("account", f"A group has at most {MEMBERS_MAX} members.")


def _line_of(account: Account) -> list[int]:
    """The account and those above it."""
    line = [account.pk]
    while account.parent is not None:
        account = account.parent
        line.append(account.pk)
    return line


def _height_of(account: Account) -> int:
    """How many accounts deep the hierarchy below the account is, itself counted."""
    level, height = [account.pk], 0
    while level and height <= DEPTH_MAX:
        height += 1
        level = list(Account.objects.filter(parent__in=level).values_list("pk", flat=True))
    return height


# ── locks ────────────────────────────────────────────────────────────────────────────────────


def _lock_to_move(account: Account, *, joins: Account | None = None, loses: str = "") -> Account:
    """Lock the circles of both, and the rows that will lock the parts of the account's own circle
    once it loses that tie (parent, group)."""
    ids = {account.pk} | ({joins.pk} if joins else set())
    while True:
        roots = _roots_without(account.pk, loses)
        with transaction.atomic():
            found = lock_accounts(ids, also=roots)[account.pk]
            if _roots_without(account.pk, loses) <= roots | {found.lock_id}:
                return found
            transaction.set_rollback(True)  # the circle changed while we waited


def _roots_without(account_key: int, tie: str) -> set[int]:
    """The lock rows of the parts of the account's circle, were it without that tie."""
    if not tie:
        return set()
    lock_id = Account.objects.values_list("lock_id", flat=True).get(pk=account_key)
    members = _circle(lock_id)
    parent, group = members.get(account_key, (None, None))
    members[account_key] = (None, group) if tie == "parent" else (parent, None)
    return {_root_of(part, members) for part in _parts(members)}


def _settle_locks(account: Account, left: Account | None, joined: Account | None) -> None:
    """Give every part of the circle that was left one lock, then merge with the circle joined."""
    if left is not None:
        members = _circle(account.lock_id)
        for part in _parts(members):
            if account.lock_id not in part:
                root = _root_of(part, members)
                Account.objects.filter(pk__in=part).update(lock_id=root)
    if joined is not None:
        own = Account.objects.values_list("lock_id", flat=True).get(pk=account.pk)
        target = Account.objects.values_list("lock_id", flat=True).get(pk=joined.pk)
        if own != target:
            Account.objects.filter(lock_id=own).update(lock_id=target)


_Ties = dict[int, tuple[int | None, int | None]]
"""By account: its parent and its shared group."""


def _circle(lock_id: int) -> _Ties:
    rows = Account.objects.filter(lock_id=lock_id)
    return {
        key: (parent, group)
        for key, parent, group in rows.values_list("pk", "parent_id", "shared_group_id")
    }


def _parts(members: _Ties) -> list[set[int]]:
    """The members in sets of those that are connected."""
    near: dict[Any, set[Any]] = defaultdict(set)
    for key, (parent, group) in members.items():
        for tie in (parent if parent in members else None, ("group", group) if group else None):
            if tie is not None:
                near[key].add(tie)
                near[tie].add(key)
    left, parts = set(members), []
    while left:
        reached, waiting = set(), [min(left)]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting.extend(near[one])
        part = reached & left
        left -= part
        parts.append(part)
    return parts


def _root_of(part: set[int], members: _Ties) -> int:
    """The lowest id among those of the part that are below nobody in it."""
    return min(key for key in part if members[key][0] not in part)


# ── telling ──────────────────────────────────────────────────────────────────────────────────


def _tell(account: Account, event_type: str, payload: dict[str, Any], now: datetime) -> None:
    events.record(
        account,
        event_type,
        subject_type="account",
        subject_id=account.public_id,
        occurred_at=now,
        payload={"account": account.public_id, **payload},
    )


def _record_membership(
    what: str, group: SharedGroup, account: Account, actor: Actor, now: datetime
) -> None:
    _tell(account, what, {"group": group.code, "name": group.name}, now)
    is_in = what == "shared_group.joined"
    audit.record(
        what,
        actor=actor,
        subject_type="account",
        subject_id=account.public_id,
        now=now,
        before={} if is_in else {"shared_group": group.code},
        after={"shared_group": group.code} if is_in else {},
    )
