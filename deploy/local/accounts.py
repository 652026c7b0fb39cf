"""The unprivileged account PostgreSQL runs as when we are root, and what that account may reach."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, by number: it needs no name and no home."""

    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_enter(self, path: Path) -> bool:
        """Whether the account can reach and read a directory, access lists included."""
        probe = ["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", os.fspath(path)]
        return subprocess.run(probe, cwd="/", check=False, **self.popen_arguments()).returncode == 0

    def own(self, path: Path) -> None:
        """Hand over one directory that we made for it, and nothing above or below."""
        os.chown(path, self.uid, self.gid)


def server_account(data_dir: Path) -> Account | None:
    """Who must run PostgreSQL on this data directory; None when we may do it ourselves.

    PostgreSQL refuses to run as root. A directory that exists is served by its owner, so that
    it survives a change in the order of candidates.
    """
    if os.geteuid() != 0:
        return None
    if data_dir.exists() and (found := data_dir.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid)
    return next(_known_accounts(), Account(65534, 65534))


def _known_accounts() -> Iterator[Account]:
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        yield Account(entry.pw_uid, entry.pw_gid)
