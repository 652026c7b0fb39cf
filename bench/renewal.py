"""How fast plans renew: `make bench-renewal`, or `python -m bench.renewal [PLANS] [WORKERS]`.

So many plan subscriptions (100,000 unless given) of as many accounts are due at one instant, in a
PostgreSQL of its own that keeps what it commits. As many worker processes as given (2) run what
the Celery task runs until nothing is due. Then every row is counted and the books are checked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any, LiteralString

import psycopg

BOUGHT = datetime(2026, 5, 1, 9, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 9, 0, 1, tzinfo=UTC)
WRITTEN: tuple[LiteralString, ...] = (
    "charging_bucket",
    "charging_ledgerentry",
    "notifications_notificationevent",
    "tenancy_auditentry",
    "subscribers_planperiod",
)


def main(size: int, workers: int) -> None:
    from deploy.local.postgres import PostgresServer
    from tests.harness.environment import machine

    here = machine()
    here.postgres = PostgresServer(  # with fsync, unlike that of the tests
        here.var_dir / "durable", output=here.var_dir / "log" / "durable.log"
    )
    here.start_servers()
    try:
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        sell_one()
        url = here.postgres.url()
        with psycopg.connect(url, autocommit=True) as owner:
            multiply(owner, size)
            before = count_rows(owner)
            seconds = renew(here.process_environment(), workers)
            after = count_rows(owner)
            print(f"{size:,} plans renewed by {workers} workers in {seconds:.1f} s: ", end="")
            print(f"{size / seconds:,.0f} a second")
            for table in WRITTEN:
                print(f"  {table:<34}{after[table] - before[table]:>10,} rows written")
            check(owner, size)
    finally:
        here.stop_servers()


def sell_one() -> None:
    """One account on a plan with three allowances, one of which rolls over, €50.00 in hand."""
    from charging.services import start_plan_subscription
    from plans.specs import AllowanceSpec, VersionSpec
    from portal.tenancy.actor import SYSTEM
    from portal.tenancy.scope import tenant_scope
    from tests import factories

    allowances = (
        AllowanceSpec(name="Data", service="data", amount=20 * 2**30, renewal="roll_over"),
        AllowanceSpec(name="Voice", service="voice", amount=18_000),
        AllowanceSpec(name="SMS", service="sms", amount=500),
    )
    spec = VersionSpec(
        currency="EUR",
        price=10 * 10**9,
        renewal="month",
        renewal_count=1,
        allowances=allowances,
    )
    with tenant_scope(factories.make_tenant(is_sandbox=False, time_zone="Europe/Berlin")):
        version = factories.make_published_plan(spec=spec, now=BOUGHT)
        account = factories.make_account("acc-0", now=BOUGHT)
        factories.top_up(account, "50", now=BOUGHT)
        start_plan_subscription(account=account, version=version, actor=SYSTEM, now=BOUGHT)


def multiply(owner: psycopg.Connection[Any], size: int) -> None:
    """Copies of the one account with all that is its, all in all `size`."""
    owner.execute(_copies("subscribers_account", size, public_id="'acc-' || n", lock_id="0"))
    owner.execute("UPDATE subscribers_account SET event_seq = 0")
    owner.execute("DELETE FROM notifications_notificationevent")

    owner.execute(
        _copies("subscribers_plansubscription", size, public_id="gen_random_uuid()", account_id="n")
    )
    owner.execute(
        """UPDATE subscribers_plansubscription s SET account_id = a.id FROM
            (SELECT id, row_number() OVER (ORDER BY id) AS n FROM subscribers_account) a,
            (SELECT id, row_number() OVER (ORDER BY id) AS n FROM subscribers_plansubscription) k
            WHERE a.n = k.n AND s.id = k.id"""
    )
    owner.execute(
        """INSERT INTO subscribers_planperiod (tenant_id, plan_subscription_id, number, starts_at,
               ends_at, outcome, charged, retries, at)
           SELECT p.tenant_id, s.id, p.number, p.starts_at, p.ends_at, p.outcome, 0, 0, p.at
           FROM subscribers_plansubscription s, subscribers_planperiod p
           WHERE s.id <> p.plan_subscription_id"""
    )
    owner.execute(_buckets_for_all())
    owner.execute(
        """INSERT INTO charging_ledgerentry (tenant_id, account_id, bucket_id, kind, available,
               reserved, used, expired, available_after, at, actor_kind, actor_name, reason,
               request_key)
           SELECT tenant_id, account_id, id, 'issue', available, 0, 0, 0, available, created_at,
                  'system', 'System', '', ''
           FROM charging_bucket b
           WHERE NOT EXISTS (SELECT FROM charging_ledgerentry e WHERE e.bucket_id = b.id)"""
    )
    owner.execute("VACUUM ANALYZE")


def _copies(table: str, size: int, **changed: str) -> Any:
    """INSERT of copies of the table's one row, with some columns computed from `n`."""
    from django.apps import apps

    model = next(each for each in apps.get_models() if each._meta.db_table == table)
    columns = [field.column for field in model._meta.local_fields if field.column != "id"]
    values = [changed.get(column, f"t.{column}") for column in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM {table} t, generate_series(1, {size - 1}) AS n"
    )


def _buckets_for_all() -> Any:
    """What the first account has, for every other one."""
    from charging.models import Bucket

    columns = [
        field.column
        for field in Bucket._meta.local_fields
        if field.column not in ("id", "account_id", "plan_subscription_id")
    ]
    names = ", ".join(columns)
    values = ", ".join(f"b.{column}" for column in columns)
    return (
        f"INSERT INTO charging_bucket (account_id, plan_subscription_id, {names})"
        " SELECT s.account_id, CASE WHEN b.plan_subscription_id IS NULL THEN NULL ELSE s.id END,"
        f" {values} FROM subscribers_plansubscription s, charging_bucket b"
        " WHERE s.account_id <> b.account_id"
    )


def renew(environment: dict[str, str], workers: int) -> float:
    """Let the workers loose at once; seconds until the last of them has committed its last."""
    command = [sys.executable, "-m", "bench.renewal", "worker"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    running = [subprocess.Popen(command, env=environment, **pipes) for _ in range(workers)]
    for each in running:
        assert each.stdout.readline() == "ready\n"
    began = time.time()
    for each in running:
        each.stdin.write("go\n")
        each.stdin.flush()
    ended = [float(each.stdout.readline()) for each in running]
    for each in running:
        each.wait()
    return max(ended) - began


def work() -> None:
    """What `charging.tasks.renew_plan_subscriptions` does, until nothing is due."""
    import django

    django.setup()
    from charging.renewal.sweep import renew_due
    from portal.tenancy.models import Tenant
    from portal.tenancy.scope import tenant_scope

    with tenant_scope(Tenant.objects.get()):
        print("ready", flush=True)
        sys.stdin.readline()
        ended, stops_at = time.time(), time.monotonic() + 2
        while time.monotonic() < stops_at:  # what the other holds may come free
            done = renew_due(now=NOW, budget_seconds=30)
            assert not done.failed
            if done.settled:
                ended, stops_at = time.time(), time.monotonic() + 2
    print(ended, flush=True)


def count_rows(owner: psycopg.Connection[Any]) -> dict[str, int]:
    return {table: _one(owner, f"SELECT count(*) FROM {table}") for table in WRITTEN}


def check(owner: psycopg.Connection[Any], size: int) -> None:
    """Each exactly once, to the last unit. Raises AssertionError."""
    wrong = {
        "plans not in their second period": """SELECT count(*) FROM subscribers_plansubscription
            WHERE period_number <> 2 OR state <> 'active' OR due_at IS DISTINCT FROM
                  '2026-07-01 09:00+00'""",
        "plans without exactly one renewal": """SELECT count(*) FROM subscribers_plansubscription s
            WHERE (SELECT count(*) FROM subscribers_planperiod p
                   WHERE p.plan_subscription_id = s.id AND p.number = 2 AND p.charged = 10000000000)
                  <> 1""",
        "main balances other than 40.00": """SELECT count(*) FROM charging_bucket
            WHERE service = 'money' AND available <> 40000000000""",
        "plans without three new buckets": """SELECT count(*) FROM subscribers_plansubscription s
            WHERE (SELECT count(*) FROM charging_bucket b WHERE b.plan_subscription_id = s.id
                   AND b.period_number = 2 AND b.available = b.granted) <> 3""",
        "buckets that their ledger does not make": """SELECT count(*) FROM charging_bucket b
            JOIN (SELECT bucket_id, sum(available) AS available, sum(used) AS used,
                         sum(expired) AS expired FROM charging_ledgerentry GROUP BY 1) e
              ON e.bucket_id = b.id
            WHERE (b.available, b.used, b.expired)
                  IS DISTINCT FROM (e.available, e.used, e.expired)""",
        "accounts whose events are not numbered": """SELECT count(*) FROM subscribers_account a
            WHERE a.event_seq <> (SELECT count(*) FROM notifications_notificationevent n
                                  WHERE n.account_key = a.id)""",
    }
    for what, question in wrong.items():
        found = _one(owner, question)
        assert found == 0, f"{found:,} {what}"
    print(f"exact: {size:,} plans renewed once, money, buckets, ledger and events agree")


def _one(owner: psycopg.Connection[Any], question: Any) -> int:
    row = owner.execute(question).fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    if sys.argv[1:] == ["worker"]:
        work()
    else:
        numbers = [int(text) for text in sys.argv[1:]]
        main(*{0: (100_000, 2), 1: (*numbers, 2), 2: tuple(numbers)}[len(numbers)])
