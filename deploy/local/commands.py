"""The command line of every process of the product, the same here, in tests and in production."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable)
LOOPBACK = "127.0.0.1"
ROOT_WARNING = "ignore:You're running the worker with superuser privileges"


def portal(port: int) -> list[str]:
    """Pages, REST and websockets; HTTP/1.1 and HTTP/2 on one port."""
    return [
        *_module("granian", "--interface", "asgi", "--http", "auto", "--ws", "--no-access-log"),
        *("--host", LOOPBACK, "--port", str(port)),
        "portal.asgi:application",
    ]


def chf() -> list[str]:
    """N40 on CHF_PORT."""
    return manage("run_chf")


def worker(*, concurrency: int = 2, log_level: str = "INFO") -> list[str]:
    return [
        *_module("celery", "--quiet", "-A", "portal", "worker", "--loglevel", log_level),
        *("--pool", "prefork", "--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle"),
    ]


def beat(var_dir: Path, *, log_level: str = "INFO") -> list[str]:
    schedule = var_dir / "celerybeat-schedule"
    return [
        *_module("celery", "--quiet", "-A", "portal", "beat", "--loglevel", log_level),
        *("--schedule", str(schedule), "--pidfile="),
    ]


def manage(*arguments: str) -> list[str]:
    return [str(PYTHON), str(ROOT / "manage.py"), *arguments]


def environment(base: Mapping[str, str], **values: str) -> dict[str, str]:
    """`base` and `values`, with what lets a process write its log line by line."""
    warnings = ",".join(filter(None, [base.get("PYTHONWARNINGS"), ROOT_WARNING]))
    return {**base, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": warnings, **values}


def _module(name: str, *arguments: str) -> list[str]:
    return [str(PYTHON), "-m", name, *arguments]
