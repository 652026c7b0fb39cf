"""The product's processes start, say that they are ready, and end when they are told to."""

import signal

import httpx
import psutil
import pytest

from tests.harness.environment import Machine
from tests.harness.processes import (
    SHARED,
    ProcessFactory,
    ServerProcess,
    Stack,
    answers_ready,
)


def test_both_ports_are_ready_and_the_worker_has_taken_its_place(stack: Stack) -> None:
    for process in (stack.portal, stack.chf):
        assert answers_ready(process.port or 0)
        assert httpx.get(f"{process.url}/health/live").status_code == 200
    assert "ready." in stack.worker.log_path.read_text()


def test_the_charging_function_speaks_http2_without_an_upgrade(chf_server: ServerProcess) -> None:
    with httpx.Client(http1=False, http2=True) as client:
        answer = client.get(f"{chf_server.url}/health/ready")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")


@pytest.mark.faults
@pytest.mark.parametrize("kind", ["portal", "chf", "worker", "beat"])
def test_a_process_that_is_told_to_stop_leaves_nothing_behind(
    process_factory: ProcessFactory, kind: str
) -> None:
    process: ServerProcess = getattr(process_factory, kind)()
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    process.signal(signal.SIGTERM)
    assert process.wait(process.grace_seconds)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


@pytest.mark.faults
@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_readiness_follows_the_servers_and_comes_back_with_them(
    stack: Stack, servers: Machine, server: str
) -> None:
    lost = getattr(servers, server)
    lost.kill()
    assert httpx.get(f"{stack.portal.url}/health/ready", timeout=30).status_code == 503
    assert httpx.get(f"{stack.chf.url}/health/ready", timeout=30).status_code == 503
    assert httpx.get(f"{stack.portal.url}/health/live").status_code == 200
    lost.start()
    lost.wait_ready()
    stack.portal.wait_ready()
    stack.chf.wait_ready()


def test_a_shared_process_rests_while_a_test_does_without_it(
    request: pytest.FixtureRequest, db: None
) -> None:
    shared = request.config.stash.get(SHARED, None)
    running = [process for process in shared.found.values() if process.is_running] if shared else []
    assert running == []
