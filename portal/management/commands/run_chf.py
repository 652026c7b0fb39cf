"""`manage.py run_chf`: the charging function under Granian, N40 over HTTP/2 on its own port."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Serve N40 (TS 32.291) with HTTP/2 prior knowledge, or HTTP/1.1, on CHF_PORT."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=os.environ.get("CHF_HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=settings.CHF_PORT)
        parser.add_argument("--processes", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Becomes the server, so that signals reach it directly."""
        os.environ["DATABASE_ROLE"] = "charger"
        granian = str(Path(sys.executable).with_name("granian"))
        arguments = [
            granian,
            "--interface", "asgi",
            "--host", options["host"],
            "--port", str(options["port"]),
            "--http", "auto",
            "--no-ws",
            "--loop", "uvloop",
            "--workers", str(options["processes"]),
            "--http2-max-concurrent-streams", "1000",
            "--http2-max-headers-size", "32768",
            "--workers-kill-timeout", "10",
            "charging.nchf.asgi:application",
        ]  # fmt: skip
        os.execv(granian, arguments)
