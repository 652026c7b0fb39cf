"""The command takes a file, or says line by line why it does not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from plans.reference.models import DestinationPrefix
from portal.tenancy.models import Tenant


def run(path: Path, *arguments: str) -> str:
    out = io.StringIO()
    call_command("import_prefixes", path, *arguments, stdout=out)
    return out.getvalue()


def test_it_tells_what_it_did(tenant: Tenant, tmp_path: Path) -> None:
    path = tmp_path / "world.csv"
    path.write_text("group,prefix\nes,34\nes,35\nfr,33\n")

    told = run(path, "--tenant", "northwind")

    assert told == "Lines: 3. Prefixes added: 3, removed: 0, unchanged: 0. New groups: 2.\n"
    assert DestinationPrefix.objects.count() == 3


def test_it_names_the_lines_that_are_wrong_and_takes_none(tenant: Tenant, tmp_path: Path) -> None:
    path = tmp_path / "world.csv"
    path.write_text("group,prefix\nes,34\nes,thirty-five\n")

    with pytest.raises(CommandError) as refused:
        run(path, "--tenant", "northwind")

    assert str(refused.value).startswith("Nothing was imported.\nline 3: ")
    assert not DestinationPrefix.objects.exists()


def test_it_knows_its_operators_and_files(tenant: Tenant, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no operator"):
        run(tmp_path / "x", "--tenant", "nobody")
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "x", "--tenant", "northwind")


def test_it_takes_prefixes_out_of_one_group(tenant: Tenant, tmp_path: Path) -> None:
    world, gone = tmp_path / "world.csv", tmp_path / "gone.csv"
    world.write_text("group,prefix\nes,34\nes,35\nfr,33\n")
    gone.write_text("prefix\n35\n")
    run(world, "--tenant", "northwind")

    told = run(gone, "--tenant", "northwind", "--mode", "remove", "--group", "es")

    assert told == "Lines: 1. Prefixes added: 0, removed: 1, unchanged: 0. New groups: 0.\n"
    assert DestinationPrefix.objects.count() == 2
