"""Everything that can be said about the code without running it: `make check`.

Runs all checks even when one fails, and ends with the names of those that did.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deploy.local import commands

BIN = Path(sys.executable).parent
NO_DATABASE = "postgresql://postgres@/none?host=/nonexistent"


def main() -> int:
    database = {"DATABASE_URL": NO_DATABASE, "SECRET_KEY": secrets.token_urlsafe(50)}
    checks: list[tuple[str, list[str | Path], dict[str, str]]] = [
        ("ruff", [BIN / "ruff", "check", "--output-format", "concise", "."], {}),
        ("format", [BIN / "ruff", "format", "--check", "--output-format", "concise", "."], {}),
        ("types", [BIN / "mypy"], {}),
        ("imports", [BIN / "lint-imports"], {}),
        ("migrations", _missing_migrations(), database),
        ("production", _production_check(), database | production_environment()),
    ]
    failed = [title for title, command, env in checks if not passes(title, command, env)]
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nEverything is in order.")
    return 1 if failed else 0


def passes(title: str, command: Sequence[str | Path], env: Mapping[str, str]) -> bool:
    """Run one check; what it says is shown when it fails."""
    started = time.monotonic()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=commands.ROOT,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = "failed" if done.returncode else "ok"
    print(f"{title:<12}{verdict:<8}{time.monotonic() - started:4.0f} s", flush=True)
    if done.returncode:
        print(done.stdout, flush=True)
    return done.returncode == 0


def production_environment() -> dict[str, str]:
    """What a production must set, with values made for this one question."""
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "ENVIRONMENT": "production",
        "DEMO": "0",
        "DEBUG": "0",
        "ALLOWED_HOSTS": "portal.example",
        "TOKEN_SIGNING_KEY": key.decode(),
    }


def _missing_migrations() -> list[str | Path]:
    python, *command = commands.manage("makemigrations", "--check", "--dry-run")
    return [python, "-W", "ignore:Got an error checking a consistent", *command]


def _production_check() -> list[str | Path]:
    return list(commands.manage("check", "--deploy", "--fail-level", "WARNING"))


if __name__ == "__main__":
    sys.exit(main())
