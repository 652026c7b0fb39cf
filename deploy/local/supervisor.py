"""A tree of processes: one log with names in front, restarts with back-off, one way to stop."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Self, TextIO

from deploy.local.processes import Child, StartError

TICK_SECONDS = 0.2
BACK_OFF_SECONDS = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_SECONDS = 30.0  # alive this long, a process has earned a fresh back-off
COLOURS = (36, 35, 32, 33, 34, 96, 95)
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked us to stop."""


class Member:
    """One process of the tree and what happened to it so far."""

    def __init__(self, child: Child, *, colour: int) -> None:
        self.child = child
        self.colour = colour
        self.rest = b""
        self.started_at = 0.0
        self.failures = 0
        self.next_start_at: float | None = None


class Supervisor:
    """Starts children, follows their output, starts the dead again, stops all in reverse order."""

    def __init__(self, *, out: TextIO = sys.stdout) -> None:
        self.out = out
        self.coloured = out.isatty() and "NO_COLOR" not in os.environ
        self.members: list[Member] = []
        self.selector = selectors.DefaultSelector()
        self.stop_requests = 0

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            signal.signal(number, self._note_signal)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()

    def add(self, child: Child) -> None:
        """Start a child and keep it running from now on."""
        member = Member(child, colour=COLOURS[len(self.members) % len(COLOURS)])
        self.members.append(member)
        self._start(member)

    def run_to_end(self, child: Child) -> int:
        """Start a child that ends by itself; its exit code. The others are kept running."""
        member = Member(child, colour=37)
        self._start(member)
        assert child.process is not None
        try:
            while child.is_running:
                self.tick()
            self._drain(member)
        finally:
            child.stop()
        return child.process.returncode

    def tick(self) -> None:
        """Wait a moment for output, pass it on, start what died; Stopped when asked to stop."""
        for key, _ in self.selector.select(TICK_SECONDS):
            self._read(key.data)
        if self.stop_requests:
            raise Stopped
        now = time.monotonic()
        for member in self.members:
            self._look_after(member, now)

    def stop_all(self) -> None:
        """Stop in two waves: what we run, then what it leans on. A second signal hurries."""
        if self.members and self.stop_requests:
            self.say("Stopping ...")
        for wave in self._waves():
            deadline = time.monotonic() + max(member.child.grace_seconds for member in wave)
            for member in wave:
                member.child.signal(member.child.stop_signal)
            while any(member.child.is_running for member in wave):
                if time.monotonic() > deadline or self.stop_requests > 1:
                    break
                for key, _ in self.selector.select(TICK_SECONDS):
                    self._read(key.data)
            for member in wave:
                self._drain(member)
                member.child.kill()
        self.members.clear()

    def say(self, text: str) -> None:
        try:
            print(text, file=self.out, flush=True)
        except BrokenPipeError:  # nobody reads us any more, as in `make run | head`
            self.stop_requests += 1

    def _waves(self) -> Iterator[list[Member]]:
        servers = [member for member in self.members if member.child.name in ("postgres", "valkey")]
        others = [member for member in self.members if member not in servers]
        return (wave for wave in (others, servers) if wave)

    def _start(self, member: Member) -> None:
        member.child.output = subprocess.PIPE
        member.child.start()
        member.started_at, member.next_start_at = time.monotonic(), None
        assert member.child.pipe is not None
        self.selector.register(member.child.pipe, selectors.EVENT_READ, member)

    def _look_after(self, member: Member, now: float) -> None:
        if member.child.is_running:
            return
        if member.next_start_at is None:
            self._note_death(member, now)
        elif now >= member.next_start_at:
            with contextlib.suppress(StartError):
                self._start(member)

    def _note_death(self, member: Member, now: float) -> None:
        assert member.child.process is not None
        self._drain(member)
        member.child.kill()  # what it started may still be there
        lived_long = now - member.started_at > STEADY_SECONDS
        member.failures = 0 if lived_long else member.failures
        pause = BACK_OFF_SECONDS[min(member.failures, len(BACK_OFF_SECONDS) - 1)]
        member.failures += 1
        member.next_start_at = now + pause
        how = describe_end(member.child.process.returncode)
        self._write(member, f"{how}; starting it again in {pause:g} s")

    def _read(self, member: Member) -> None:
        pipe = member.child.pipe
        assert pipe is not None
        block = os.read(pipe.fileno(), 65536)
        *lines, member.rest = (member.rest + block).split(b"\n")
        for line in lines:
            self._write(member, line.decode(errors="replace").rstrip())
        if not block:
            self._forget(member)

    def _drain(self, member: Member) -> None:
        """Pass on what the process wrote before it ended; its own children may hold the pipe."""
        if member.child.pipe is None:
            return
        os.set_blocking(member.child.pipe.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            while member.child.pipe in self.selector.get_map():
                self._read(member)
        self._forget(member)

    def _forget(self, member: Member) -> None:
        if member.rest:
            self._write(member, member.rest.decode(errors="replace"))
            member.rest = b""
        with contextlib.suppress(KeyError):
            self.selector.unregister(member.child.pipe)  # type: ignore[arg-type]

    def _write(self, member: Member, text: str) -> None:
        name = f"{member.child.name:<8} |"
        self.say(
            f"\x1b[{member.colour}m{name}\x1b[0m {text}" if self.coloured else f"{name} {text}"
        )

    def _note_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_requests += 1


def describe_end(code: int) -> str:
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
