"""How long a numbering plan takes: `python -m bench.prefixes [PREFIXES]`.

Imports so many prefixes (200,000 unless given) into a PostgreSQL of its own, then the same file
again and one with a tenth changed, and looks numbers up in the table that the charger keeps.
"""

from __future__ import annotations

import io
import os
import random
import sys
import time
import tracemalloc
from datetime import UTC, datetime


def main(size: int) -> None:
    from tests.harness.environment import machine

    machine().start_servers()
    try:
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        import django

        django.setup()
        measure(size)
    finally:
        machine().stop_servers()


def measure(size: int) -> None:
    from plans.reference.importing import ImportMode, import_prefixes
    from plans.reference.models import DestinationGroup, DestinationPrefix
    from portal.tenancy.actor import SYSTEM
    from portal.tenancy.scope import tenant_scope
    from tests.factories import make_tenant

    def take(name: str, prefixes: dict[str, str]) -> None:
        text = "".join(f"{group},+{prefix}\n" for prefix, group in prefixes.items())
        file = io.BytesIO(b"group,prefix\n" + text.encode())
        began = time.perf_counter()
        done = import_prefixes(
            file=file, mode=ImportMode.REPLACE, actor=SYSTEM, now=datetime.now(UTC)
        )
        seconds = time.perf_counter() - began
        print(f"{name:<28}{seconds:6.2f} s   +{done.added:,} −{done.removed:,}")

    with tenant_scope(make_tenant()):
        plan = numbering_plan(size)
        take("first import", plan)
        take("the same file again", plan)
        changed = dict(list(plan.items())[size // 10 :]) | numbering_plan(size // 10, seed=8)
        take("a tenth changed", changed)
        began = time.perf_counter()
        codes = dict(DestinationGroup.objects.values_list("pk", "code"))
        rows = DestinationPrefix.objects.values_list("prefix", "group_id")
        pairs = [(prefix, codes[group]) for prefix, group in rows]
        print(f"{'read by the charger':<28}{time.perf_counter() - began:6.2f} s")
    look_up(pairs)


def look_up(pairs: list[tuple[str, str]]) -> None:
    from charging.engine.prefixes import PrefixTable

    began = time.perf_counter()
    table = PrefixTable(pairs)
    built = time.perf_counter() - began
    tracemalloc.start()
    PrefixTable((str(int(prefix)), group) for prefix, group in pairs)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    numbers = [(prefix + "1234567")[:13] for prefix, _ in pairs[:100_000]]
    began = time.perf_counter()
    for number in numbers:
        table.match(number)
    each = (time.perf_counter() - began) / len(numbers)
    print(f"{'table built':<28}{built:6.2f} s   {peak / 2**20:.0f} MiB")
    print(f"{'a number looked up':<28}{each * 1e6:6.2f} µs  of {len(table):,} prefixes")


def numbering_plan(size: int, seed: int = 7) -> dict[str, str]:
    """So many prefixes of 2 to 9 digits in 400 groups."""
    rng = random.Random(seed)
    prefixes: dict[str, str] = {}
    while len(prefixes) < size:
        prefix = str(rng.randrange(10, 10 ** rng.randrange(2, 10)))
        prefixes[prefix] = f"group-{rng.randrange(400)}"
    return prefixes


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
