"""Operating-system processes that cannot outlive the one that started them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from deploy.local.accounts import Account

PR_SET_PDEATHSIG = 1
_prctl: Callable[..., int] | None = (
    ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None
)


class StartError(Exception):
    """Something could not be started; the message is one sentence for the person at the keys."""


def end_with_parent(signal_number: int, parent_pid: int) -> None:
    """Ask the kernel to signal this process when its parent is gone (Linux; nothing elsewhere)."""
    if _prctl is None:
        return
    _prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent_pid:  # it went before we asked
        os.kill(os.getpid(), signal_number)


class Child:
    """One process at the head of a group of its own.

    `stop` sends `stop_signal`, waits `grace_seconds`, then kills the group. On Linux the kernel
    sends `stop_signal` too when we die without stopping it, so that even our own SIGKILL leaves
    nothing behind.
    """

    stop_signal = signal.SIGTERM
    grace_seconds = 15.0

    def __init__(
        self,
        name: str,
        argv: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        account: Account | None = None,
        output: int | IO[bytes] | Path | None = None,
    ) -> None:
        """`output` takes stdout and stderr: a file to append to, a stream, or subprocess.PIPE."""
        self.name = name
        self.argv = [os.fspath(part) for part in argv]
        self.env = env
        self.cwd = cwd
        self.account = account
        self.output = output
        self.process: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} pid={self.pid}>"

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def pipe(self) -> IO[bytes] | None:
        """What the process writes, when `output` is PIPE and it was not read to the end."""
        stream = self.process.stdout if self.process else None
        return stream if stream and not stream.closed else None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process; StartError when the program is missing or may not be run."""
        assert not self.is_running, f"{self.name} is running already"
        parent_pid, stop_signal = os.getpid(), int(self.stop_signal)

        def in_child() -> None:  # after the change of user, which clears the parent-death signal
            end_with_parent(stop_signal, parent_pid)

        account: dict[str, Any] = self.account.popen_arguments() if self.account else {}
        with self._output_stream() as stream:
            try:
                self.process = subprocess.Popen(
                    self.argv,
                    env=None if self.env is None else dict(self.env),
                    cwd=self.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    process_group=0,
                    preexec_fn=in_child,
                    **account,
                )
            except OSError as error:
                raise StartError(f"{self.name} cannot be started: {error}.") from error

    def signal(self, signal_number: int) -> None:
        if self.is_running:
            assert self.process is not None
            self.process.send_signal(signal_number)

    def stop(self) -> None:
        """End the process politely, then firmly; returns when the whole group is gone."""
        self.signal(self.stop_signal)
        self.wait(self.grace_seconds)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the process and what it started in its group."""
        if self.process is None:
            return
        self.end_group()
        self.process.wait()
        if self.pipe is not None:
            self.pipe.close()

    def end_group(self) -> None:
        """SIGKILL whatever is left of the process's group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for the end of the process; whether it came in time."""
        if self.process is None:
            return True
        try:
            self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextlib.contextmanager
    def _output_stream(self) -> Any:
        if isinstance(self.output, Path):
            self.output.parent.mkdir(parents=True, exist_ok=True)
            with self.output.open("ab") as stream:
                yield stream
        else:
            yield self.output


def wait_until(
    condition: Callable[[], bool], *, timeout_seconds: float, every_seconds: float = 0.02
) -> bool:
    """Ask `condition` again and again; whether it came true in time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_seconds)
    return True
