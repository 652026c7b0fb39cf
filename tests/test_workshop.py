"""What starts and stops the product: embedded servers, the process tree, `make run`'s refusals."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from deploy.local import commands
from deploy.local.migrations import migrations_hash
from deploy.local.postgres import THROWAWAY, PostgresServer
from deploy.local.processes import wait_until
from deploy.local.valkey import ValkeyServer, free_port
from tests.harness.environment import Machine

pytestmark = pytest.mark.xdist_group("workshop")
WAIT_SECONDS = 20.0


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server whose account may be unable to enter its directory: pytest's are ours alone."""
    server = PostgresServer(tmp_path / "postgres", settings=THROWAWAY, output=tmp_path / "log")
    try:
        server.create()
        server.start()
        server.wait_ready()
        yield server
    finally:
        server.kill()
        server.forget()
        shutil.rmtree(server.home)


def test_postgresql_comes_back_after_a_kill_with_what_was_committed(
    postgres: PostgresServer,
) -> None:
    postgres.create_database()
    with psycopg.connect(postgres.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    postgres.kill()
    postgres.start()
    postgres.wait_ready()
    with psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_postgresql_does_not_run_as_root_and_listens_on_no_port(postgres: PostgresServer) -> None:
    process = psutil.Process(postgres.pid)
    assert process.uids().effective != 0
    assert process.net_connections(kind="inet") == []


def test_a_data_directory_of_another_version_is_refused_by_name(postgres: PostgresServer) -> None:
    postgres.stop()
    (postgres.data_dir / "PG_VERSION").write_text("9\n")
    with pytest.raises(Exception, match="was made by PostgreSQL 9 and this is"):
        postgres.create()


def test_valkey_asks_for_its_password_and_keeps_its_address_over_a_kill(tmp_path: Path) -> None:
    server = ValkeyServer(tmp_path, output=tmp_path / "log")
    server.start()
    server.wait_ready()
    try:
        with (
            redis.Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
        url = server.url
        server.kill()
        server.start()
        server.wait_ready()
        assert server.url == url
    finally:
        server.stop()


def test_the_servers_of_a_test_run_may_be_killed_and_started_again(servers: Machine) -> None:
    for server in (servers.postgres, servers.valkey):
        server.kill()
        server.start()
        server.wait_ready()
        assert server.is_running


TREE = """
    import sys, time
    from deploy.local.processes import Child
    from deploy.local.supervisor import Stopped, Supervisor
    sleeper = [sys.executable, "-c", "import time; print('alive', flush=True); time.sleep(600)"]
    try:
        with Supervisor() as supervisor:
            supervisor.add(Child("sleeper", sleeper))
            supervisor.add(Child("family", ["sh", "-c", "sleep 600 & sleep 600"]))
            while True:
                supervisor.tick()
    except Stopped:
        print("stopped", flush=True)
"""


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A supervisor over a process that sleeps and one that has children."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(TREE)],
        cwd=commands.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert wait_until(lambda: len(descendants(process.pid)) == 4, timeout_seconds=WAIT_SECONDS)
    assert process.stdout is not None
    assert process.stdout.readline() == "sleeper  | alive\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def descendants(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(
        process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stopped_tree_leaves_nothing_behind(
    tree: subprocess.Popen[str], number: signal.Signals
) -> None:
    members = descendants(tree.pid)
    tree.send_signal(number)
    assert tree.wait(WAIT_SECONDS) == 0
    assert all_gone(members)
    assert tree.stdout is not None
    assert tree.stdout.read().endswith("stopped\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the orphans")
def test_a_killed_tree_takes_its_members_along(tree: subprocess.Popen[str]) -> None:
    members = [process for process in descendants(tree.pid) if process.ppid() == tree.pid]
    tree.kill()
    tree.wait()
    assert wait_until(lambda: all_gone(members), timeout_seconds=WAIT_SECONDS)


def test_a_killed_member_is_started_again_and_the_log_says_why(
    tree: subprocess.Popen[str],
) -> None:
    sleeper = next(p for p in descendants(tree.pid) if "alive" in " ".join(p.cmdline()))
    sleeper.kill()
    assert tree.stdout is not None
    assert tree.stdout.readline() == "sleeper  | ended by SIGKILL; starting it again in 0.2 s\n"
    assert tree.stdout.readline() == "sleeper  | alive\n"


def start_run(tmp_path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    variables = {"VAR_DIR": str(tmp_path), "PORT": str(free_port()), "CHF_PORT": str(free_port())}
    return subprocess.run(
        [sys.executable, "-m", "deploy.local.run"],
        cwd=commands.ROOT,
        env={**os.environ, **variables, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("variable", ["PORT", "CHF_PORT"])
def test_a_taken_port_is_one_clear_sentence(tmp_path: Path, variable: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = start_run(tmp_path, **{variable: port})
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip().startswith(f"Port {port} is taken by process {os.getpid()}")
    assert done.stderr.strip().endswith(
        f"stop it, or choose another port with make run {variable}=..."
    )


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a port number from 1 to 65535, not 'eighty'."),
        ("CHF_PORT", "70000", "CHF_PORT must be a port number from 1 to 65535, not '70000'."),
        ("DEMO", "maybe", "DEMO must be 1 or 0, not 'maybe'."),
    ],
)
def test_a_senseless_variable_is_one_clear_sentence(
    tmp_path: Path, variable: str, value: str, sentence: str
) -> None:
    done = start_run(tmp_path, **{variable: value})
    assert (done.returncode, done.stderr.strip()) == (1, sentence)


def test_an_unwritable_var_dir_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = start_run(tmp_path, VAR_DIR=str(tmp_path / "file" / "var"))
    assert done.returncode == 1
    assert done.stderr.strip().startswith("VAR_DIR cannot be used:")
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_fingerprint_of_the_schema_follows_what_migrations_import(tmp_path: Path) -> None:
    (tmp_path / "plans" / "migrations").mkdir(parents=True)
    (tmp_path / "plans" / "migrations" / "0001_initial.py").write_text(
        "from plans import operations\n"
    )
    imported = tmp_path / "plans" / "operations.py"
    imported.write_text("LIMIT = 1\n")
    before = migrations_hash(tmp_path)
    imported.write_text("LIMIT = 2\n")
    assert migrations_hash(tmp_path) != before
    (tmp_path / "plans" / "views.py").write_text("")
    imported.write_text("LIMIT = 1\n")
    assert migrations_hash(tmp_path) == before
