"""Directories for the embedded servers: short, private, and within the server account's reach."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.local.accounts import Account
from deploy.local.processes import StartError

SOCKET_PATH_BYTES_MAX = 100  # sun_path holds 108, macOS 104
MEMORY_NAME = "elsewhere"
SOCKET_NAME = ".s.PGSQL.5432"
LASTING_PLACES = (Path("/var/tmp"), Path("/tmp"))  # for data: survives a reboot where it can
SHORT_PLACES = (Path("/tmp"), Path(tempfile.gettempdir()), Path("/var/tmp"))  # for sockets


def make_runtime_dir(account: Account | None, *, home: Path) -> Path:
    """A new directory of mode 0700 whose path leaves room for a socket; the caller removes it.

    It is noted in `home`, so that the next start removes what a killed one could not.
    """
    note = home / "socket-directory"
    if note.exists():
        shutil.rmtree(note.read_text().strip(), ignore_errors=True)
    path = _short_private_dir(account)
    note.write_text(f"{path}\n")
    return path


def _short_private_dir(account: Account | None) -> Path:
    for place in SHORT_PLACES:
        if not place.is_dir() or not os.access(place, os.W_OK):
            continue
        path = Path(tempfile.mkdtemp(prefix="csp-", dir=place))
        if account is not None:
            account.own(path)
        fits = len(os.fsencode(path / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX
        if fits and (account is None or account.may_enter(path)):
            return path
        path.rmdir()
    raise StartError(
        "PostgreSQL needs a writable directory with a short path for its socket,"
        " and neither /tmp nor TMPDIR is one."
    )


def remembered_home(wanted: Path) -> Path:
    """Where an earlier start keeps the data that belongs in `wanted`."""
    memory = wanted / MEMORY_NAME
    return Path(memory.read_text().strip()) if memory.exists() else wanted


def data_home(wanted: Path, account: Account | None, *, say: Callable[[str], None]) -> Path:
    """Where the server's data lives: `wanted`, or a place that `account` can reach.

    The other place is remembered in a file in `wanted`, so that the next start finds it and
    removing the directory above forgets it.
    """
    wanted.mkdir(parents=True, exist_ok=True)
    home = remembered_home(wanted)
    if account is None or account.may_enter(home):
        return home
    home = _make_reachable_dir(account, prefix="csp-data-")
    (wanted / MEMORY_NAME).write_text(f"{home}\n")
    say(
        f"PostgreSQL cannot run as root and its account cannot reach {wanted},"
        f" so its data is kept in {home}."
    )
    return home


def reachable_copy(source: Path, account: Account | None, *, target: Path) -> Path:
    """`source`, or a copy of it at `target` when `account` cannot read it where it is."""
    if account is None or account.may_enter(source):
        return source
    if not target.exists():
        half_done = target.with_name(f"{target.name}.copying")
        shutil.rmtree(half_done, ignore_errors=True)
        shutil.copytree(source, half_done, symlinks=True)
        half_done.rename(target)
    return target


def _make_reachable_dir(account: Account, *, prefix: str) -> Path:
    for place in LASTING_PLACES:
        if place.is_dir() and os.access(place, os.W_OK) and account.may_enter(place):
            path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
            account.own(path)
            return path
    raise StartError(
        "PostgreSQL cannot run as root and its account can enter neither VAR_DIR nor /var/tmp:"
        " run as an ordinary user, or set VAR_DIR to a directory that every user may enter."
    )
