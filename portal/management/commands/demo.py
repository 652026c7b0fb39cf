"""`manage.py demo`: two sandbox operators to look at and to try things on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.demo.making import ProductionRefused, make_demo


class Command(BaseCommand):
    help = "Make the demo data once; repeating it changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for line in make_demo(now=timezone.now()):
                self.stdout.write(line)
        except ProductionRefused as error:
            raise CommandError("Demo data has public passwords: not in production.") from error
