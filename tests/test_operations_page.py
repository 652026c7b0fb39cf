import re

from deploy.local.commands import ROOT

PRODUCT = ("portal", "charging", "plans", "subscribers", "notifications")
PAGE = ROOT / "docs" / "operations.md"
# DJANGO_SETTINGS_MODULE is Django's own; the role's URL is read under a computed name.
NOT_OURS = {"DJANGO_SETTINGS_MODULE"}
COMPUTED = {"PORTAL_DATABASE_URL", "CHARGER_DATABASE_URL"}


def variables_read() -> set[str]:
    sources = [ROOT / "manage.py"]
    for app in PRODUCT:
        sources += [path for path in (ROOT / app).rglob("*.py") if "tests" not in path.parts]
    pattern = re.compile(r'(?:environ(?:\.\w+)?[\[(]|getenv\()\s*"([A-Z][A-Z_]+)"')
    return {name for path in sources for name in pattern.findall(path.read_text())} - NOT_OURS


def variables_described() -> set[str]:
    table = PAGE.read_text().split("## Environment")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}


def test_every_environment_variable_that_is_read_is_described_and_the_other_way_round() -> None:
    assert variables_described() == variables_read() | COMPUTED
