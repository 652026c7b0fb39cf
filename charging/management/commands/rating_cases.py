"""`manage.py rating_cases FILE…`: run rating case files against the charging engine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from charging.engine.cases.reading import NotACaseFile, read_file
from charging.engine.cases.reporting import Verdict, as_json, judge


class Command(BaseCommand):
    help = (
        "Run case files of the format rating-cases/1 against the charging engine: tariffs, "
        "balances and events as data, and what should come of them. Prints one line per case. "
        "Exits 1 when a case fails or a file cannot be read. Needs no database."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--json", action="store_true", help="one JSON document instead of lines"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        unread: list[str] = []
        verdicts: list[tuple[Path, Verdict]] = []
        for path, verdict in self._judge_all(options["files"], unread):
            verdicts.append((path, verdict))
            if not options["json"]:
                self.stdout.write(str(verdict))
        failed = sum(not verdict.ok for _, verdict in verdicts)
        passed = len(verdicts) - failed
        if options["json"]:
            cases = [{"file": str(path), **as_json(verdict)} for path, verdict in verdicts]
            document = {"passed": passed, "failed": failed, "errors": unread, "cases": cases}
            self.stdout.write(json.dumps(document, indent=1, ensure_ascii=False))
        else:
            self.stdout.write(f"{passed} passed, {failed} failed")
        if failed or unread:
            sys.exit(1)

    def _judge_all(self, files: list[Path], unread: list[str]) -> Iterator[tuple[Path, Verdict]]:
        for path in files:
            try:
                cases = read_file(path)
            except NotACaseFile as error:
                unread.append(str(error))
                self.stderr.write(f"ERROR {error}")
                continue
            for case in cases:
                verdict = judge(case)
                if verdict.problem:
                    self.stderr.write(f"ERROR {path}: {verdict.id}: {verdict.problem}")
                yield path, verdict
