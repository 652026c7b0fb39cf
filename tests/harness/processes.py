"""Fixtures for the product's processes, started on first use on this worker's servers.

`portal_server`, `chf_server`, `celery_worker_process` and `celery_beat_process` are shared by the
tests of a worker and start again if one killed them; `process_factory` makes private ones for
tests that kill -9. All see what `committed_db` commits. What they wrote is shown when a test fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local import commands
from deploy.local.health import answers_ready
from deploy.local.processes import Child, wait_until
from deploy.local.valkey import free_port
from tests.harness.environment import Machine

READY_SECONDS = 60.0
LOG_TAIL_CHARACTERS = 6_000
SHARED: pytest.StashKey[SharedProcesses] = pytest.StashKey()


class ServerProcess(Child):
    """One process of the product, with its log and, when it listens, its address."""

    def __init__(
        self, name: str, argv: list[str], *, env: dict[str, str], log: Path, port: int | None
    ) -> None:
        super().__init__(name, argv, env=env, cwd=commands.ROOT, output=log)
        self.log_path = log
        self.port = port
        self.mark = 0

    @property
    def url(self) -> str:
        assert self.port is not None, f"{self.name} does not listen"
        return f"http://{commands.LOOPBACK}:{self.port}"

    @property
    def log(self) -> str:
        """What it wrote since the test that runs asked for it."""
        if not self.log_path.exists():
            return ""
        return self.log_path.read_bytes()[self.mark :].decode(errors="replace")

    def mark_log(self) -> None:
        self.mark = self.log_path.stat().st_size if self.log_path.exists() else 0

    def start(self) -> None:
        """Start and wait until it serves."""
        begin = self.log_path.stat().st_size if self.log_path.exists() else 0
        super().start()

        def serves_or_ended() -> bool:
            return self._serves(begin) or not self.is_running

        if not wait_until(serves_or_ended, timeout_seconds=READY_SECONDS, every_seconds=0.1):
            raise AssertionError(f"{self.name} did not become ready.\n{self._tail()}")
        if not self.is_running:
            raise AssertionError(f"{self.name} ended while starting.\n{self._tail()}")

    def wait_ready(self) -> None:
        """Wait until GET /health/ready answers 200, as after the loss of a server."""
        assert wait_until(lambda: self._serves(0), timeout_seconds=READY_SECONDS), self._tail()

    def _serves(self, begin: int) -> bool:
        if self.port is not None:
            return answers_ready(self.port)
        written = self.log_path.read_bytes()[begin:]
        return b" ready." in written or b"beat: Starting" in written

    def _tail(self) -> str:
        return self.log_path.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]


class ProcessFactory:
    """Makes processes; `stop_all` ends those it made."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.made: list[ServerProcess] = []
        self.numbers = itertools.count(1)

    def portal(self, *, port: int | None = None, **env: str) -> ServerProcess:
        """A started portal on `port` or a free one; `env` goes over the usual environment."""
        port = port or free_port()
        return self._started("portal", commands.portal(port), port, {"PORT": str(port), **env})

    def chf(self, *, port: int | None = None, **env: str) -> ServerProcess:
        """A started chf on `port` or a free one."""
        port = port or free_port()
        return self._started("chf", commands.chf(), port, {"CHF_PORT": str(port), **env})

    def worker(self, *, concurrency: int = 2, **env: str) -> ServerProcess:
        return self._started("worker", commands.worker(concurrency=concurrency), None, env)

    def beat(self, **env: str) -> ServerProcess:
        return self._started("beat", commands.beat(self.machine.var_dir), None, env)

    def stop_all(self) -> None:
        for process in reversed(self.made):
            process.signal(process.stop_signal)
        for process in reversed(self.made):
            process.stop()

    def _started(
        self, name: str, argv: list[str], port: int | None, env: dict[str, str]
    ) -> ServerProcess:
        process = ServerProcess(
            name,
            argv,
            env=self.machine.process_environment(**env),
            log=self.machine.var_dir / "log" / f"{name}-{next(self.numbers)}-{port}.log",
            port=port,
        )
        self.made.append(process)
        process.start()
        return process


class SharedProcesses:
    """One of each kind per test worker, made when first asked for."""

    def __init__(self, factory: ProcessFactory) -> None:
        self.factory = factory
        self.found: dict[str, ServerProcess] = {}

    def get(self, name: str, make: Callable[[], ServerProcess]) -> ServerProcess:
        process = self.found.get(name)
        if process is None:
            process = self.found[name] = make()
        elif not process.is_running:
            process.start()
        process.mark_log()
        return process

    def rest(self, *names: str) -> None:
        """Stop some until they are asked for again; without names, all."""
        for name, process in self.found.items():
            if process.is_running and (not names or name in names):
                process.stop()


@dataclass(frozen=True)
class Stack:
    """All processes a journey needs."""

    portal: ServerProcess
    chf: ServerProcess
    worker: ServerProcess


@pytest.fixture(scope="session")
def shared_processes(servers: Machine, pytestconfig: pytest.Config) -> Iterator[SharedProcesses]:
    factory = ProcessFactory(servers)
    pytestconfig.stash[SHARED] = SharedProcesses(factory)
    yield pytestconfig.stash[SHARED]
    factory.stop_all()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """No process of an earlier test works on the database behind the back of one that did not
    ask for it: the portal publishes events, the worker takes tasks, beat sends sweeps."""
    shared = item.config.stash.get(SHARED, None)
    fixtures = getattr(item, "fixturenames", ())
    uses_database = "django_db_setup" in fixtures or item.get_closest_marker("django_db")
    if shared is None or not uses_database:
        return
    if "shared_processes" not in fixtures:
        shared.rest()
    elif "celery_beat_process" not in fixtures:
        shared.rest("beat")


@pytest.fixture
def process_factory(servers: Machine, committed_db: None) -> Iterator[ProcessFactory]:
    """Private processes on free ports, stopped when the test is over."""
    factory = ProcessFactory(servers)
    yield factory
    factory.stop_all()


@pytest.fixture
def portal_server(shared_processes: SharedProcesses, committed_db: None) -> ServerProcess:
    """The portal on settings.PORT."""
    factory = shared_processes.factory
    return shared_processes.get("portal", lambda: factory.portal(port=factory.machine.port))


@pytest.fixture
def chf_server(shared_processes: SharedProcesses, committed_db: None) -> ServerProcess:
    """The charging function on settings.CHF_PORT."""
    factory = shared_processes.factory
    return shared_processes.get("chf", lambda: factory.chf(port=factory.machine.chf_port))


@pytest.fixture
def celery_worker_process(shared_processes: SharedProcesses, committed_db: None) -> ServerProcess:
    """A Celery worker with two processes."""
    return shared_processes.get("worker", shared_processes.factory.worker)


@pytest.fixture
def celery_beat_process(shared_processes: SharedProcesses, committed_db: None) -> ServerProcess:
    """Celery's beat: sweeps run while it does."""
    return shared_processes.get("beat", shared_processes.factory.beat)


@pytest.fixture
def stack(
    portal_server: ServerProcess,
    chf_server: ServerProcess,
    celery_worker_process: ServerProcess,
) -> Stack:
    return Stack(portal=portal_server, chf=chf_server, worker=celery_worker_process)


def processes_of(item: pytest.Item) -> list[ServerProcess]:
    """Those a test used, for its failure report."""
    found: dict[int, ServerProcess] = {}
    for value in getattr(item, "funcargs", {}).values():
        if isinstance(value, ServerProcess):
            found[id(value)] = value
        elif isinstance(value, ProcessFactory):
            found.update({id(process): process for process in value.made})
    return list(found.values())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed and report.when != "teardown":
        for process in processes_of(item):
            if text := process.log[-LOG_TAIL_CHARACTERS:]:
                report.sections.append((f"Log of {process.name}", text))
    return report
