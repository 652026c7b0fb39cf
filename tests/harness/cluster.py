"""A migrated database cluster, made once per state of the migrations and copied for each run."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.local import commands
from deploy.local.accounts import server_account
from deploy.local.migrations import migrations_hash
from deploy.local.places import data_home
from deploy.local.postgres import DISTRIBUTION, THROWAWAY, PostgresServer
from deploy.local.processes import StartError

CACHE = commands.ROOT / "var" / "test-cache"
KEPT_MAX = 3


def copy_migrated_cluster(server: PostgresServer) -> None:
    """Fill the data directory of a server that was never started."""
    with _cache_locked():
        home = data_home(CACHE, server_account(CACHE / "none"), say=print)
        master = home / _key()
        if not master.exists():
            _make(master, home)
            _forget_old(home)
        os.utime(master)
    # -p keeps the owner: PostgreSQL refuses a data directory of somebody else's
    subprocess.run(["cp", "-Rp", str(master), str(server.data_dir)], check=True)


def _key() -> str:
    version = importlib.metadata.version(DISTRIBUTION)
    return f"{version}-{migrations_hash(commands.ROOT)[:20]}"


def _make(master: Path, home: Path) -> None:
    building = home / "building"
    shutil.rmtree(building, ignore_errors=True)
    log = CACHE / "build.log"
    log.unlink(missing_ok=True)
    server = PostgresServer(building, settings=THROWAWAY, output=log)
    server.create()
    try:
        server.start()
        server.wait_ready()
        server.create_database()
        _migrate(server.url())
        server.stop()
    finally:
        server.kill()
        server.forget()
    server.data_dir.rename(master)


def _migrate(database_url: str) -> None:
    env = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    done = subprocess.run(
        commands.manage("migrate", "--no-input"),
        cwd=commands.ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StartError(f"`manage.py migrate` failed:\n{done.stdout}{done.stderr}")


def _forget_old(home: Path) -> None:
    masters = [path for path in home.iterdir() if (path / "PG_VERSION").exists()]
    for path in sorted(masters, key=lambda path: path.stat().st_mtime)[:-KEPT_MAX]:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _cache_locked() -> Iterator[None]:
    """Workers that start together wait for the one that migrates."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
