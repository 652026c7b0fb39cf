from __future__ import annotations

import threading
from datetime import datetime
from itertools import pairwise

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from notifications.models import NotificationEvent
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import AuditEntry
from portal.tenancy.scope import tenant_scope
from portal.tenancy.validation import Invalid
from subscribers import sharing
from subscribers.locking import lock_account
from subscribers.models import Account, SharedGroup
from subscribers.services import AccountTerminated, change_account_state, create_account
from tests import factories


@pytest.fixture
def make(northwind, now):
    def account(public_id: str, **more) -> Account:
        return create_account(public_id=public_id, actor=SYSTEM, now=now, **more)

    return account


def below(account: Account, parent: Account | None, now: datetime) -> Account:
    return sharing.set_parent(account=account, parent=parent, actor=SYSTEM, now=now)


def group_of(owner: Account, now: datetime, code: str = "family") -> SharedGroup:
    return sharing.create_group(code=code, name="Family", owner=owner, actor=SYSTEM, now=now)


def join(group: SharedGroup, account: Account, now: datetime) -> Account:
    return sharing.join_group(group=group, account=account, actor=SYSTEM, now=now)


def locks() -> dict[str, str]:
    """The account that locks each, by their ids."""
    names = dict(Account.objects.values_list("pk", "public_id"))
    return {
        one.public_id: names[one.lock_id] for one in Account.objects.order_by("pk")
    }  # fmt: skip


def test_a_child_and_all_below_it_lock_through_the_root(make, now):
    company, office, desk = make("company"), make("office"), make("desk")

    below(desk, office, now)
    below(office, company, now)

    assert locks() == {"company": "company", "office": "company", "desk": "company"}


def test_one_that_leaves_takes_those_below_it_along(make, now):
    company, office, desk, shop = make("company"), make("office"), make("desk"), make("shop")
    below(desk, office, now)
    below(office, company, now)
    below(shop, company, now)

    below(office, None, now)

    assert locks() == {
        "company": "company", "office": "office", "desk": "office", "shop": "company",
    }  # fmt: skip


def test_moving_to_another_parent_changes_the_lock_once(make, now):
    first, second, child = make("first"), make("second"), make("child")
    below(child, first, now)

    below(child, second, now)

    assert locks() == {"first": "first", "second": "second", "child": "second"}
    told = NotificationEvent.objects.filter(type="account.parent_changed").order_by("pk")
    assert [(one.payload["before"], one.payload["after"]) for one in told] == [
        (None, "first"), ("first", "second"),
    ]  # fmt: skip
    audited = AuditEntry.objects.filter(action="account.parent_changed").order_by("pk")
    assert [(one.before, one.after) for one in audited] == [
        ({}, {"parent": "first"}), ({"parent": "first"}, {"parent": "second"}),
    ]  # fmt: skip


def test_a_hierarchy_has_no_cycle_and_an_end(make, now):
    chain = [make(f"level-{number}") for number in range(6)]
    for above, one in pairwise(chain[:5]):
        below(one, above, now)

    with pytest.raises(Invalid, match="below itself"):
        below(chain[0], chain[3], now)
    with pytest.raises(Invalid, match="below itself"):
        below(chain[0], chain[0], now)
    with pytest.raises(Invalid, match="at most 5 accounts deep"):
        below(chain[5], chain[4], now)
    assert below(chain[5], chain[3], now).parent_id == chain[3].pk


def test_a_subtree_counts_with_its_whole_depth(make, now):
    deep = [make(f"deep-{number}") for number in range(4)]
    for above, one in pairwise(deep):
        below(one, above, now)
    root, middle = make("root"), make("middle")
    below(middle, root, now)

    with pytest.raises(Invalid, match="deep"):
        below(deep[0], middle, now)
    below(deep[0], root, now)


def test_accounts_that_share_have_one_currency_and_are_alive(make, now):
    euro, dollar, dead = make("euro"), make("dollar", currency="USD"), make("dead")
    change_account_state(account=dead, state="terminated", actor=SYSTEM, now=now)
    group = group_of(euro, now)

    with pytest.raises(Invalid, match="currency is USD"):
        below(euro, dollar, now)
    with pytest.raises(Invalid, match="currency is EUR"):
        join(group, dollar, now)
    with pytest.raises(AccountTerminated):
        below(dead, euro, now)
    with pytest.raises(AccountTerminated):
        join(group, dead, now)
    with pytest.raises(IntegrityError, match="one currency"), transaction.atomic():
        Account.objects.filter(pk=dollar.pk).update(parent=euro)


def test_members_of_a_group_lock_through_its_owner(make, now):
    ana, ben, eve = make("ana"), make("ben"), make("eve")
    group = group_of(eve, now)
    join(group, ana, now)
    join(group, ben, now)
    assert locks() == {"ana": "eve", "ben": "eve", "eve": "eve"}

    sharing.leave_group(account=ben, actor=SYSTEM, now=now)

    assert locks() == {"ana": "eve", "ben": "ben", "eve": "eve"}
    told = NotificationEvent.objects.filter(type__startswith="shared_group").order_by("pk")
    assert [(one.type, one.account_id) for one in told] == [
        ("shared_group.joined", "eve"),
        ("shared_group.joined", "ana"),
        ("shared_group.joined", "ben"),
        ("shared_group.left", "ben"),
    ]


def test_the_owner_leaves_last_and_the_group_ends_with_it(make, now):
    ana, ben = make("ana"), make("ben")
    group = group_of(ana, now)
    join(group, ben, now)

    with pytest.raises(Invalid, match="owner leaves last"):
        sharing.leave_group(account=ana, actor=SYSTEM, now=now)
    sharing.leave_group(account=ben, actor=SYSTEM, now=now)
    sharing.leave_group(account=ana, actor=SYSTEM, now=now)

    assert not SharedGroup.objects.exists()


def test_an_account_is_in_one_group(make, now):
    ana, ben = make("ana"), make("ben")
    group_of(ana, now)
    other = group_of(ben, now, "company")

    with pytest.raises(Invalid, match="another shared group"):
        join(other, ana, now)
    with pytest.raises(Invalid, match="already"):
        group_of(ana, now, "third")


def test_hierarchies_and_groups_together_are_one_circle_until_the_last_tie_goes(make, now):
    """boss ─ ana (child) ─ family with ben: one lock until ana leaves the family."""
    boss, ana, ben = make("boss"), make("ana"), make("ben")
    group = group_of(ben, now)
    below(ana, boss, now)
    join(group, ana, now)
    assert set(locks().values()) == {"ben"}

    below(ana, None, now)
    assert locks() == {"boss": "boss", "ana": "ben", "ben": "ben"}
    below(ana, boss, now)
    sharing.leave_group(account=ana, actor=SYSTEM, now=now)
    assert locks() == {"boss": "boss", "ana": "boss", "ben": "ben"}


def test_a_group_is_renamed_and_ordered_otherwise(make, now):
    group = group_of(make("ana"), now)

    sharing.change_group(group=group, name="Home", order="lowest", actor=SYSTEM, now=now)

    group.refresh_from_db()
    assert (group.name, group.order) == ("Home", "lowest")
    with pytest.raises(Invalid):
        sharing.change_group(group=group, name=" ", order="lowest", actor=SYSTEM, now=now)


def test_joining_waits_for_both_locks_and_moves_whoever_waits_to_the_new_one(
    committed_db: None, servers, owner_connection: psycopg.Connection, now
):
    tenant = factories.make_tenant()
    with tenant_scope(tenant):
        ana = create_account(public_id="ana", actor=SYSTEM, now=now)
        ben = create_account(public_id="ben", actor=SYSTEM, now=now)
        group = group_of(ana, now)
    order: list[str] = []

    def do_join() -> None:
        with tenant_scope(tenant):
            join(group, ben, now)
            order.append("joined")
        connection.close()

    with psycopg.connect(servers.postgres.url()) as holder:
        holder.execute("SELECT id FROM subscribers_account WHERE id = %s FOR UPDATE", [ben.pk])
        thread = threading.Thread(target=do_join)
        thread.start()
        thread.join(0.3)
        assert order == []
        holder.commit()
        thread.join()
    with tenant_scope(tenant), transaction.atomic():
        assert lock_account(ben.pk).lock_id == ana.pk
