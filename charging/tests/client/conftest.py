"""A scripted charging function over real HTTP/2, and a cable that can be cut."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from charging.client.transport import ChargingConnection

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 20.0


class ScriptedChf:
    """Control of the process that runs `scripted_chf.app`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def script(self, **answers: Any) -> None:
        """Set what each operation answers; forgets what arrived before."""
        httpx.post(f"{self.url}/script", json=answers, trust_env=False).raise_for_status()

    @property
    def received(self) -> list[dict[str, Any]]:
        return httpx.get(f"{self.url}/received", trust_env=False).json()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request["body"] for request in self.received]

    @property
    def operations(self) -> list[str]:
        return [request["operation"] for request in self.received]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def scripted_server() -> Iterator[ScriptedChf]:
    server = ScriptedChf(free_port())
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--http", "auto"]
    command += ["--host", "127.0.0.1", "--port", str(server.port), "--no-ws"]
    command += ["charging.tests.client.scripted_chf:app"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        _wait_until_it_answers(server)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def _wait_until_it_answers(server: ScriptedChf) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.script()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def chf(scripted_server: ScriptedChf) -> ScriptedChf:
    scripted_server.script()
    return scripted_server


@pytest.fixture
async def connection(chf: ScriptedChf) -> AsyncIterator[ChargingConnection]:
    async with ChargingConnection(
        chf.url, timeout_seconds=2.0, resend_delay_seconds=0.01
    ) as opened:
        yield opened


class Cable:
    """Forwards TCP to a server until it is cut."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._writers: list[asyncio.StreamWriter] = []
        self._pumps: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.url = ""

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        onward = await asyncio.open_connection("127.0.0.1", self._target_port)
        self._writers += [writer, onward[1]]
        for source, sink in ((reader, onward[1]), (onward[0], writer)):
            pump = asyncio.create_task(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while content := await source.read(65536):
                sink.write(content)
                await sink.drain()
        except ConnectionError:
            pass
        sink.close()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def settle(self) -> None:
        self.cut()
        if self._pumps:
            await asyncio.wait(self._pumps)


@pytest.fixture
async def cable(chf: ScriptedChf) -> AsyncIterator[Cable]:
    cable = Cable(chf.port)
    server = await cable.open()
    yield cable
    await cable.settle()
    server.close()
    await server.wait_closed()
