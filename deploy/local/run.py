"""Run the whole product on this machine until Ctrl-C: `make run`.

Starts PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL name others), brings the
database up to date, makes the demo data once, then runs portal, chf, worker and beat.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from deploy.local import commands
from deploy.local.health import answers_ready
from deploy.local.migrations import migrations_hash
from deploy.local.postgres import PostgresServer
from deploy.local.processes import Child, StartError, end_with_parent
from deploy.local.supervisor import Stopped, Supervisor
from deploy.local.valkey import ValkeyServer

READY_SECONDS = 120.0
CELERY_LOG_LEVEL = "WARNING"  # below it, Celery writes three lines a second about sweeps
DEMO_TENANTS = ("northwind", "contoso")
DEMO_PEOPLE = ("admin", "pm", "support")
DEMO_PASSWORD = "demo"


@dataclass(frozen=True, slots=True)
class Options:
    """What the environment says about this run."""

    port: int
    chf_port: int
    var_dir: Path
    demo: bool
    database_url: str | None
    redis_url: str | None

    @classmethod
    def from_environment(cls) -> Options:
        """StartError names the variable that makes no sense."""
        return cls(
            port=_port("PORT", 8000),
            chf_port=_port("CHF_PORT", 7777),
            var_dir=Path(os.environ.get("VAR_DIR") or commands.ROOT / "var").resolve(),
            demo=_switch("DEMO", on=True),
            database_url=os.environ.get("DATABASE_URL") or None,
            redis_url=os.environ.get("REDIS_URL") or None,
        )


def main() -> int:
    if "MAKELEVEL" in os.environ:  # when make is killed outright, go too
        end_with_parent(signal.SIGTERM, os.getppid())
    started = time.monotonic()
    try:
        options = Options.from_environment()
        with sole_use(options.var_dir):
            check_port_is_free(options.port, "PORT")
            check_port_is_free(options.chf_port, "CHF_PORT")
            run(options, started)
    except StartError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except Stopped:
        print("Stopped; nothing is left running.", flush=True)
    return 0


def run(options: Options, started: float) -> None:
    """Start everything in order, then look after it until we are asked to stop."""
    with contextlib.ExitStack() as leftovers, Supervisor() as supervisor:
        env = start_servers(supervisor, options, leftovers)
        write_environment_file(options.var_dir, env)
        bring_database_up_to_date(supervisor, options, env)
        for name, command in (
            ("portal", commands.portal(options.port)),
            ("chf", commands.chf()),
            ("worker", commands.worker(log_level=CELERY_LOG_LEVEL)),
            ("beat", commands.beat(options.var_dir, log_level=CELERY_LOG_LEVEL)),
        ):
            supervisor.add(Child(name, command, env=env, cwd=commands.ROOT))
        wait_ready(supervisor, options)
        supervisor.say(welcome(options, seconds=time.monotonic() - started))
        while True:
            supervisor.tick()


def start_servers(
    supervisor: Supervisor, options: Options, leftovers: contextlib.ExitStack
) -> dict[str, str]:
    """PostgreSQL and Valkey where none was named; the environment of all other processes."""
    database_url, redis_url = options.database_url, options.redis_url
    if database_url is None:
        postgres = PostgresServer(options.var_dir / "postgres", say=supervisor.say)
        leftovers.callback(postgres.forget)
        if postgres.create():
            supervisor.say("Made a new PostgreSQL database.")
        supervisor.add(postgres)
        wait_for_server(supervisor, postgres)
        postgres.create_database()
        database_url = postgres.url()
    if redis_url is None:
        valkey = ValkeyServer(options.var_dir / "valkey")
        supervisor.add(valkey)
        wait_for_server(supervisor, valkey)
        redis_url = valkey.url
    return commands.environment(
        os.environ,
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        SECRET_KEY=os.environ.get("SECRET_KEY") or development_secret(options.var_dir),
        VAR_DIR=str(options.var_dir),
        PORT=str(options.port),
        CHF_PORT=str(options.chf_port),
        DEMO="1" if options.demo else "0",
    )


def wait_for_server(supervisor: Supervisor, server: PostgresServer | ValkeyServer) -> None:
    """Pass on what the server says until it answers; StartError when it ends instead."""
    deadline = time.monotonic() + READY_SECONDS
    while not server.is_ready():
        supervisor.tick()
        if time.monotonic() > deadline or not server.is_running:
            raise StartError(f"{server.name} did not start; its last lines above say why.")


def bring_database_up_to_date(
    supervisor: Supervisor, options: Options, env: dict[str, str]
) -> None:
    """Migrate and make the demo data, each only when the last run did not do it already.

    The notes about what was done lie beside the embedded database, so that they go with it; for
    a database of somebody else's there are none and both commands look for themselves.
    """
    notes = options.var_dir / "postgres" if options.database_url is None else None
    steps = {"migrate": migrations_hash(commands.ROOT)}
    if options.demo:
        steps["demo"] = "done"
    for name, wanted in steps.items():
        note = notes / f"{name}.done" if notes else None
        if note is not None and note.exists() and note.read_text() == wanted:
            continue
        step = Child(name, commands.manage(name), env=env, cwd=commands.ROOT)
        if supervisor.run_to_end(step):
            raise StartError(f"`manage.py {name}` failed; its last lines above say why.")
        if note is not None:
            note.write_text(wanted)


def wait_ready(supervisor: Supervisor, options: Options) -> None:
    """Go on when both ports answer; StartError names the one that does not."""
    ready: dict[str, bool] = {}

    def ask_until_ready(name: str, port: int) -> None:
        while not ready.get(name) and not given_up.is_set():
            ready[name] = answers_ready(port)
            given_up.wait(0.2)

    given_up = threading.Event()
    ports = {"portal": options.port, "chf": options.chf_port}
    for name, port in ports.items():
        threading.Thread(target=ask_until_ready, args=(name, port), daemon=True).start()
    deadline = time.monotonic() + READY_SECONDS
    try:
        while not all(ready.get(name) for name in ports):
            supervisor.tick()
            if time.monotonic() > deadline:
                late = " and ".join(name for name in ports if not ready.get(name))
                raise StartError(f"{late} did not become ready; the lines above say why.")
    finally:
        given_up.set()


@contextlib.contextmanager
def sole_use(var_dir: Path) -> Iterator[None]:
    """Hold VAR_DIR for ourselves; StartError when another run has it or it cannot be written."""
    path = var_dir / "run.lock"
    try:
        (var_dir / "static").mkdir(parents=True, exist_ok=True)  # WhiteNoise misses it loudly
        lock = path.open("a+")
    except OSError as error:
        raise StartError(f"VAR_DIR cannot be used: {error}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise StartError(
                f"Process {lock.read().strip()} is running on {var_dir} already:"
                " stop it, or choose another directory with make run VAR_DIR=..."
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def check_port_is_free(port: int, variable: str) -> None:
    """StartError says who has the port and how to choose another."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((commands.LOOPBACK, port))
        except PermissionError:
            raise StartError(
                f"Port {port} may not be used by this account:"
                f" choose one above 1023 with make run {variable}=..."
            ) from None
        except OSError:
            raise StartError(
                f"Port {port} is taken by {_holder(port)}:"
                f" stop it, or choose another port with make run {variable}=..."
            ) from None


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
            if listens and connection.pid:
                return f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
    return "another program"


def development_secret(var_dir: Path) -> str:
    """A secret key for this machine, made once and readable by us alone."""
    path = var_dir / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


def write_environment_file(var_dir: Path, env: dict[str, str]) -> None:
    """Leave the addresses for `make manage`, readable by us alone."""
    names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "VAR_DIR", "PORT", "CHF_PORT", "DEMO")
    path = var_dir / "environment"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={env[name]}\n" for name in names))


def welcome(options: Options, *, seconds: float) -> str:
    portal, chf = (f"http://{commands.LOOPBACK}:{n}" for n in (options.port, options.chf_port))
    lines = [
        "",
        f"Ready after {seconds:.0f} s.",
        f"  Portal      {portal}/",
        f"  REST API    {portal}/api/v1/docs/",
        f"  N40         {chf}/nchf-convergedcharging/v3/ (HTTP/2, prior knowledge)",
    ]
    for tenant in DEMO_TENANTS if options.demo else ():
        people = ", ".join(f"{name}@{tenant}.example" for name in DEMO_PEOPLE)
        lines.append(f"  Sign in     {people}, password {DEMO_PASSWORD}")
        lines.append(f"  API client  {tenant}-demo, secret {tenant}-demo-secret")
    return "\n".join([*lines, "Stop with Ctrl-C.", ""])


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise StartError(f"{variable} must be a port number from 1 to 65535, not {text!r}.")
    return int(text)


def _switch(variable: str, *, on: bool) -> bool:
    text = os.environ.get(variable, "").lower()
    known = {"": on, "1": True, "on": True, "true": True, "0": False, "off": False, "false": False}
    if text not in known:
        raise StartError(f"{variable} must be 1 or 0, not {text!r}.")
    return known[text]


if __name__ == "__main__":
    sys.exit(main())
