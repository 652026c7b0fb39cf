import ast
import sys
from pathlib import Path

ENGINE = Path(__file__).parents[1] / "charging" / "engine"


def imported_modules(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_engine_imports_the_standard_library_and_itself_only() -> None:
    sources = [path for path in ENGINE.rglob("*.py") if "tests" not in path.parts]
    foreign = {
        f"{path.name}: {module}"
        for path in sources
        for module in imported_modules(path)
        if module.split(".")[0] not in sys.stdlib_module_names
        and not module.startswith("charging.engine")
    }
    assert sources
    assert foreign == set()
