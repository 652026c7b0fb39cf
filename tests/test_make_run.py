"""`make run` as a person uses it: the whole tree, on ports and in a directory of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local import commands
from deploy.local.health import answers_ready
from deploy.local.migrations import migrations_hash
from deploy.local.postgres import PostgresServer
from deploy.local.processes import wait_until
from deploy.local.valkey import free_port
from tests.harness.cluster import copy_migrated_cluster

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("workshop")]
START_SECONDS = 120.0
RECOVERY_SECONDS = 60.0


class Run:
    """One `make run` without demo data."""

    def __init__(self, directory: Path) -> None:
        self.port, self.chf_port = free_port(), free_port()
        self.log = directory / "run.log"
        unset = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        variables = {
            "VAR_DIR": str(directory / "var"),
            "PORT": str(self.port),
            "CHF_PORT": str(self.chf_port),
            "DEMO": "0",
        }
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", "--no-print-directory", "run"],
                cwd=commands.ROOT,
                env={**inherited, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        ended_or_ready = wait_until(
            lambda: "Ready after" in self.text or self.process.poll() is not None,
            timeout_seconds=START_SECONDS,
        )
        assert ended_or_ready, self.text
        assert self.process.poll() is None, self.text

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    @property
    def is_ready(self) -> bool:
        return answers_ready(self.port) and answers_ready(self.chf_port)

    def leader(self, words: str) -> psutil.Process:
        """The process of the tree that was started with these words, not one of its children."""
        found = [process for process in self.family if words in " ".join(process.cmdline())]
        return min(found, key=lambda process: process.create_time())


@pytest.fixture
def run() -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="csp-run-") as name:
        directory = Path(name)
        directory.chmod(0o755)  # the account that runs PostgreSQL passes through
        migrate_beforehand(directory / "var")
        started = Run(directory)
        family = started.family
        yield started
        if started.process.poll() is None:
            started.process.terminate()
            started.process.wait(RECOVERY_SECONDS)
        psutil.wait_procs(family, timeout=RECOVERY_SECONDS)


def migrate_beforehand(var_dir: Path) -> None:
    """Leave what an earlier run would have left: these tests are about processes."""
    server = PostgresServer(var_dir / "postgres")
    copy_migrated_cluster(server)
    server.forget()
    (server.home / "migrate.done").write_text(migrations_hash(commands.ROOT))


def test_what_is_killed_is_started_again_and_a_stop_leaves_nothing_behind(run: Run) -> None:
    for words in ("portal.asgi", "charging.nchf", "bin/postgres", "valkey-server"):
        victim = run.leader(words)
        victim.kill()
        victim.wait(RECOVERY_SECONDS)
        assert wait_until(lambda: run.is_ready, timeout_seconds=RECOVERY_SECONDS), run.text
        assert run.leader(words).pid != victim.pid
    assert run.text.count("ended by SIGKILL") == 4

    family = run.family
    run.process.terminate()
    run.process.wait(RECOVERY_SECONDS)
    _, alive = psutil.wait_procs(family, timeout=0)
    assert alive == []
    assert "Stopped; nothing is left running." in run.text


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals the orphans")
def test_even_a_killed_run_takes_everything_along(run: Run) -> None:
    family = run.family
    run.leader("deploy.local.run").kill()
    run.process.kill()
    _, alive = psutil.wait_procs(family, timeout=RECOVERY_SECONDS)
    assert alive == []
