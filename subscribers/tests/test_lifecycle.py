from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from charging import services as charging
from charging.tasks import move_overdue_accounts
from notifications.models import NotificationEvent
from portal.tenancy.actor import SYSTEM
from portal.tenancy.models import AuditEntry
from portal.tenancy.validation import Invalid
from subscribers import lifecycle
from subscribers.lifecycle import USUAL, Cause, Lifecycle, Rule, State, StateForbids, Transition
from subscribers.locking import lock_account
from subscribers.models import Account
from subscribers.services import change_account_state, create_account
from tests import factories

DAY = timedelta(days=1)
STRICT = Lifecycle(
    initial=State.PRE_ACTIVE,
    rules={
        **USUAL.rules,
        State.PRE_ACTIVE: Rule(services=frozenset({"voice", "sms"}), may_buy=False),
        State.GRACE: Rule(services=frozenset({"sms"})),
        State.SUSPENDED: Rule(services=frozenset(), may_top_up=False, may_buy=False),
    },
    transitions=(
        Transition(state=State.PRE_ACTIVE, cause=Cause.TOP_UP, to=State.ACTIVE),
        Transition(state=State.ACTIVE, cause=Cause.RENEWAL_FAILED, to=State.GRACE),
        Transition(state=State.GRACE, cause=Cause.TIME, to=State.SUSPENDED, after_days=7),
        Transition(state=State.SUSPENDED, cause=Cause.TIME, to=State.TERMINATED, after_days=30),
    ),
)


def set_up(to: Lifecycle, now) -> Lifecycle:
    return lifecycle.change_lifecycle(lifecycle=to, actor=SYSTEM, now=now)


def make(now, public_id="ana") -> Account:
    return create_account(public_id=public_id, actor=SYSTEM, now=now)


def state_of(account: Account) -> str:
    return Account.objects.get(pk=account.pk).state


def test_an_operator_that_says_nothing_has_the_usual_life(northwind, now):
    account = make(now)

    assert lifecycle.lifecycle_of(northwind) == USUAL
    assert (account.state, account.state_changed_at) == ("active", now)
    assert USUAL.rules[State.SUSPENDED].services == frozenset()
    assert USUAL.after("pre_active", "first_use") == "active"
    assert USUAL.after("active", "top_up") is None


def test_what_the_operator_says_replaces_all_of_it(northwind, now):
    northwind.refresh_from_db()
    revision = northwind.settings_revision

    assert set_up(STRICT, now) == STRICT

    assert make(now).state == "pre_active"
    northwind.refresh_from_db()
    assert northwind.settings_revision == revision + 1
    [audited] = AuditEntry.objects.filter(action="lifecycle.changed")
    assert audited.after["initial"] == "pre_active"
    assert audited.after["suspended"] == "no service"
    assert audited.after["transitions"][2] == "grace → suspended on time after 7 days"
    set_up(STRICT, now)
    assert AuditEntry.objects.filter(action="lifecycle.changed").count() == 1


def test_a_top_up_activates_where_the_operator_says_so(northwind, now):
    set_up(STRICT, now)
    account = make(now)

    factories.top_up(account, "5.00", now=now)

    assert state_of(account) == "active"
    told = NotificationEvent.objects.get(type="account.state_changed").payload
    assert told == {
        "account": "ana", "before": "pre_active", "after": "active", "reason": "Top-up",
    }  # fmt: skip


def test_what_a_state_may_not_do_is_refused(northwind, now):
    set_up(STRICT, now)
    version = factories.make_published_plan(now=now)
    account = make(now)

    with pytest.raises(StateForbids, match="pre-active may not buy"):
        charging.start_plan_subscription(account=account, version=version, actor=SYSTEM, now=now)
    change_account_state(account=account, state="suspended", actor=SYSTEM, now=now)
    with pytest.raises(StateForbids, match="suspended may not top up"):
        factories.top_up(account, "5.00", now=now)


def test_an_event_leads_on_from_the_states_that_know_it_only(northwind, now):
    account = make(now)
    with transaction.atomic():
        locked = lock_account(account.pk)
        lifecycle.fire(locked, Cause.FIRST_USE, now=now)
        assert locked.state == "active"
        lifecycle.fire(locked, Cause.RENEWAL_FAILED, now=now)
        assert locked.state == "grace"
        lifecycle.fire(locked, Cause.RENEWED, now=now)
    assert state_of(account) == "active"


def test_time_leads_on_once_it_is_up(northwind, now):
    set_up(STRICT, now)
    account, other = make(now), make(now, "ben")
    change_account_state(account=account, state="grace", actor=SYSTEM, now=now)
    change_account_state(account=other, state="grace", actor=SYSTEM, now=now + DAY)

    assert lifecycle.move_overdue(now=now + 7 * DAY - timedelta(seconds=1)) == 0
    assert lifecycle.move_overdue(now=now + 7 * DAY) == 1
    assert (state_of(account), state_of(other)) == ("suspended", "grace")
    assert lifecycle.move_overdue(now=now + 37 * DAY) == 2
    assert (state_of(account), state_of(other)) == ("terminated", "suspended")
    reasons = NotificationEvent.objects.filter(
        type="account.state_changed", account_id="ana"
    ).order_by("account_seq")
    assert [one.payload["reason"] for one in reasons][1:] == ["7 days grace", "30 days suspended"]


def test_the_sweep_goes_by_the_test_clock_of_a_sandbox(northwind, now):
    set_up(STRICT, now)
    account = make(now)
    change_account_state(account=account, state="grace", actor=SYSTEM, now=now)
    Account.objects.filter(pk=account.pk).update(clock_offset=7 * 86_400)

    assert lifecycle.move_overdue(now=now) == 1


def test_the_task_asks_tenants_that_say_so(northwind, now):
    set_up(STRICT, now - 400 * DAY)
    account = make(now - 400 * DAY)
    change_account_state(account=account, state="grace", actor=SYSTEM, now=now - 400 * DAY)

    move_overdue_accounts()

    assert state_of(account) in {"suspended", "terminated"}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (replace(STRICT, initial="grace"), "initial"),
        (replace(STRICT, rules={}), "states.active"),
        (
            replace(STRICT, rules={**USUAL.rules, "terminated": Rule()}),
            "states.terminated",
        ),
        (
            replace(STRICT, rules={**USUAL.rules, "grace": Rule(services=frozenset({"fax"}))}),
            "states.grace.services",
        ),
        (replace(STRICT, transitions=(Transition(state="grace", cause="time", to="active"),)),
         "transitions.0.after_days"),
        (replace(STRICT, transitions=(Transition(state="grace", cause="top_up", to="grace"),)),
         "transitions.0.to"),
        (
            replace(
                STRICT, transitions=(Transition(state="terminated", cause="top_up", to="active"),)
            ),
            "transitions.0.state",
        ),
        (replace(STRICT, transitions=(*STRICT.transitions, STRICT.transitions[0])),
         "transitions.4.cause"),
    ],
)  # fmt: skip
def test_a_life_that_cannot_be_is_refused_where_it_is_wrong(northwind, now, wrong, path):
    with pytest.raises(Invalid) as refused:
        set_up(wrong, now)

    assert path in {error.path for error in refused.value.errors}
    assert lifecycle.lifecycle_of(northwind) == USUAL
