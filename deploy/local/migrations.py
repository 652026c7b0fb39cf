"""A fingerprint of the database schema's sources: changes when `migrate` may have work to do."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

APPS = ("portal", "notifications", "plans", "subscribers", "charging")
ALSO = ("requirements.txt", "portal/settings.py")  # others' migrations, and which apps there are


def migrations_hash(root: Path) -> str:
    """Over every migration, what those import of ours, and the versions of other packages."""
    digest = hashlib.sha256()
    for path in sorted(_sources(root)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources(root: Path) -> set[Path]:
    found = {root / name for name in ALSO if (root / name).exists()}
    waiting = [path for app in APPS for path in (root / app).rglob("migrations/**/*")]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file() or path.suffix not in (".py", ".sql"):
            continue
        found.add(path)
        if path.suffix == ".py":
            waiting.extend(_imported(path, root))
    return found


def _imported(path: Path, root: Path) -> Iterator[Path]:
    """The modules of ours that a module imports."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            module = root.joinpath(*name.split("."))
            if name.split(".")[0] in APPS:
                yield module.with_suffix(".py")
                yield module / "__init__.py"
