"""The database itself refuses to change what was published, whoever asks."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from plans.models import PlanVersion
from portal.tenancy.models import Tenant
from tests.factories import make_plan, make_published_plan

CHANGES = [
    "UPDATE plans_planversion SET price = 0 WHERE id = %(version)s",
    "UPDATE plans_planversion SET currency = 'USD' WHERE id = %(version)s",
    "UPDATE plans_planversion SET state = 'draft' WHERE id = %(version)s",
    "DELETE FROM plans_planversion WHERE id = %(version)s",
    "UPDATE plans_allowance SET amount = amount + 1 WHERE version_id = %(version)s",
    "DELETE FROM plans_allowance WHERE version_id = %(version)s",
    "UPDATE plans_rate SET price = 0 WHERE version_id = %(version)s",
    "DELETE FROM plans_rate WHERE version_id = %(version)s",
    (
        "UPDATE plans_threshold SET percent = 1 WHERE allowance_id IN"
        " (SELECT id FROM plans_allowance WHERE version_id = %(version)s)"
    ),
    (
        "DELETE FROM plans_threshold WHERE allowance_id IN"
        " (SELECT id FROM plans_allowance WHERE version_id = %(version)s)"
    ),
    (
        "INSERT INTO plans_rate (tenant_id, version_id, key, position, service, rating_groups,"
        " price, per, increment, connect_fee)"
        " SELECT tenant_id, id, gen_random_uuid(), 9, 'sms', '{}', 1, 1, 1, 0"
        " FROM plans_planversion WHERE id = %(version)s"
    ),
]


@pytest.mark.parametrize("statement", CHANGES)
def test_a_published_version_is_frozen_in_the_database(
    tenant: Tenant, now: datetime, statement: str
) -> None:
    live = make_published_plan(now=now)

    with (
        pytest.raises(IntegrityError, match="never"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, {"version": live.pk})


@pytest.mark.parametrize("statement", CHANGES[:2] + CHANGES[4:])
def test_a_draft_may_be_changed(tenant: Tenant, now: datetime, statement: str) -> None:
    draft = make_plan(now=now).versions.get()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(statement, {"version": draft.pk})
        assert cursor.rowcount > 0
        transaction.set_rollback(True)


def test_retiring_is_the_one_way_on(tenant: Tenant, now: datetime) -> None:
    live = make_published_plan(now=now)

    PlanVersion.objects.filter(pk=live.pk).update(state="retired", retired_at=now)

    with pytest.raises(IntegrityError, match="never"), transaction.atomic():
        PlanVersion.objects.filter(pk=live.pk).update(state="published")
