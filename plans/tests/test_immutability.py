"""The database itself refuses to change what was published, whoever asks."""

# ruff: noqa: S608  table names of ours

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from plans.models import PlanVersion
from plans.specs import VersionSpec
from plans.terms import BandSpec, WindowSpec
from plans.tests.samples import EXAMPLE
from portal.tenancy.models import Tenant
from tests.factories import flex_spec, make_plan, make_published_plan

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
    *(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(row, jsonb_build_object("
        f"'id', nextval(pg_get_serial_sequence('{table}', 'id')), 'key', gen_random_uuid(),"
        f" 'code', 'another', 'title', 'another'))).*"
        f" FROM {table} row WHERE version_id = %(version)s LIMIT 1"
        for table in ("plans_allowance", "plans_rate", "plans_timeband", "plans_planexample")
    ),
    "UPDATE plans_planversion SET fallback_versions = '{1}' WHERE id = %(version)s",
    "UPDATE plans_planversion SET quantity_max = 2 WHERE id = %(version)s",
    "UPDATE plans_planversion SET zero_rated = '{380}' WHERE id = %(version)s",
    "UPDATE plans_allowance SET factors = '[]', step = 7 WHERE version_id = %(version)s",
    "UPDATE plans_rate SET conditions = '{}', weight = 9 WHERE version_id = %(version)s",
    "UPDATE plans_timeband SET windows = '[]' WHERE version_id = %(version)s",
    "DELETE FROM plans_timeband WHERE version_id = %(version)s",
    "UPDATE plans_planexample SET title = 'x' WHERE version_id = %(version)s",
    "DELETE FROM plans_planexample WHERE version_id = %(version)s",
]


def banded_spec() -> VersionSpec:
    """Flex 20 with one row of every kind of part."""
    return flex_spec(
        bands=(BandSpec(code="evening", name="Evenings", windows=(WindowSpec(start=64_800),)),),
        examples=(EXAMPLE,),
    )


@pytest.mark.parametrize("statement", CHANGES)
def test_a_published_version_is_frozen_in_the_database(
    tenant: Tenant, now: datetime, statement: str
) -> None:
    live = make_published_plan(spec=banded_spec(), now=now)

    with (
        pytest.raises(IntegrityError, match="never"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, {"version": live.pk})


@pytest.mark.parametrize("statement", CHANGES[:2] + CHANGES[4:])
def test_a_draft_may_be_changed(tenant: Tenant, now: datetime, statement: str) -> None:
    draft = make_plan(spec=banded_spec(), now=now).versions.get()

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
