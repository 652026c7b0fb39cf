"""A command of manage.py on the database and Valkey that `make run` started.

`make manage ARGS="verify_ledger"`; addresses set in the environment win.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from deploy.local import commands


def main() -> None:
    var_dir = Path(os.environ.get("VAR_DIR") or commands.ROOT / "var").resolve()
    found: dict[str, str] = {}
    if (path := var_dir / "environment").exists():
        lines = path.read_text().splitlines()
        found = dict(line.split("=", 1) for line in lines if "=" in line)
    elif "DATABASE_URL" not in os.environ:
        raise SystemExit("Nothing runs here: start `make run` in another terminal first.")
    command = commands.manage(*sys.argv[1:])
    os.execve(command[0], command, {**found, **os.environ})


if __name__ == "__main__":
    main()
