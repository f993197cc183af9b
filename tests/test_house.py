"""What holds the house up, and that it does: each contract is broken once, in a copy, and must report it."""

import ast
import importlib
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("app", "portal", "bridge", "scheduling", "people", "status", "config")
CONTRACTS = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}
BROKEN = [
    ("floors", "people", "import scheduling"),
    ("floors", "config.times", "import status.values"),
    ("rooms", "scheduling.queries", "import scheduling.actions"),
    ("rooms", "status.values", "import status.rules"),
    ("rules", "bridge.rules", "import sqlalchemy"),
    ("rules", "people.rules", "import logging"),
    ("rules", "scheduling.rules", "import config.settings"),
    ("rules", "status.rules", "import status.models"),
    ("carrier-words", "bridge.actions", "import twilio.rest"),
    ("carrier-words", "config.phones", "import twilio"),
    ("carrier-doors", "portal", "import bridge.carriers"),
    ("doors", "portal", "import bridge.webhooks"),
    ("doors", "scheduling.actions", "import people.jobs"),
    ("doors", "portal.letters", "import portal.api"),
    ("voice", "app.voice", "import portal"),
]


def lint_imports(root: Path) -> str:
    command = (Path(sys.executable).with_name("lint-imports"), "--no-cache", "--config", "pyproject.toml")
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout


def module_file(root: Path, module: str) -> Path:
    """Return the file of a module; makes one where the house has none yet."""
    path = root.joinpath(*module.split("."))
    if path.is_dir() or len(module.split(".")) == 1:
        path /= "__init__"
    path = path.with_suffix(".py")
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for floor in FLOORS:
        shutil.copytree(ROOT / floor, tmp_path / floor, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_house_keeps_its_contracts() -> None:
    report = lint_imports(ROOT)

    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in report, report


@pytest.mark.parametrize(("contract", "module", "statement"), BROKEN)
def test_a_broken_contract_is_reported(house: Path, contract: str, module: str, statement: str) -> None:
    imported = statement.removeprefix("import ")
    if imported.split(".")[0] in FLOORS:
        module_file(house, imported)
    with module_file(house, module).open("a") as file:
        file.write(f"\n{statement}\n")

    report = lint_imports(house)

    assert f"{CONTRACTS[contract]} BROKEN" in report, report


def test_each_contract_is_broken_once() -> None:
    assert {contract for contract, _, _ in BROKEN} == set(CONTRACTS)


# --- what import-linter cannot say ----------------------------------------------------------------------

# Handles that are passed on, and errors that an edge answers. Whoever names more than these writes SQL.
SQL_HANDLES = {
    "sqlalchemy": {"exc"},
    "sqlalchemy.ext.asyncio": {"AsyncEngine", "AsyncSession", "async_sessionmaker"},
}
SQL_ERRORS = "sqlalchemy.exc"
SQL_ROOMS = {"queries", "models"}
SQL_FILES = {"config/database.py", "config/jobs.py", "config/operations.py"}
SHARED_WORDS = {"config.errors", "config.lifecycles", "config.phones", "config.times"}
VAGUE = {"utils", "util", "helpers", "common", "manager", "managers", "service", "services", "impl"}


def sources(root: Path) -> Iterator[tuple[Path, ast.Module]]:
    for floor in FLOORS:
        for path in sorted((root / floor).rglob("*.py")):
            yield path.relative_to(root), ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[tuple[str, str | None]]:
    """Yield what is imported, as (module, name), wherever it stands; the name is None for a whole module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def rooms(path: Path) -> set[str]:
    return {*path.parts[:-1], path.stem}


def sql_outside_its_rooms(root: Path) -> list[str]:
    return [
        f"{path} imports {module} {name or ''}".strip()
        for path, tree in sources(root)
        if not rooms(path) & SQL_ROOMS and path.as_posix() not in SQL_FILES
        for module, name in imports(tree)
        if module.split(".")[0] in {"sqlalchemy", "sqlmodel"}
        if module != SQL_ERRORS and name not in SQL_HANDLES.get(module, set())
    ]


def values_that_know_more_than_words(root: Path) -> list[str]:
    return [
        f"{path} imports {module} {name or ''}".strip()
        for path, tree in sources(root)
        if "values" in rooms(path)
        for module, name in imports(tree)
        if module.split(".")[0] not in sys.stdlib_module_names
        if not ("values" in module.split(".") or name == "values" or module in SHARED_WORDS)
    ]


def vague_names(root: Path) -> list[str]:
    return [str(path) for path, _ in sources(root) if rooms(path) & VAGUE]


RULES = {
    "SQL stands in queries and models": sql_outside_its_rooms,
    "values import the standard library, values and the shared words": values_that_know_more_than_words,
    "no room for things without a name": vague_names,
}


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps_its_own_rules(rule: str) -> None:
    assert RULES[rule](ROOT) == []


@pytest.mark.parametrize(
    ("rule", "module", "statement", "told"),
    [
        (
            "SQL stands in queries and models",
            "scheduling.actions",
            "from sqlalchemy import select",
            ["scheduling/actions/__init__.py imports sqlalchemy select"],
        ),
        (
            "SQL stands in queries and models",
            "people.actions",
            "def f():\n    import sqlmodel",
            ["people/actions/__init__.py imports sqlmodel"],
        ),
        (
            "SQL stands in queries and models",
            "scheduling.actions",
            "from sqlalchemy.ext.asyncio import AsyncSession\nfrom sqlalchemy.exc import IntegrityError",
            [],
        ),
        (
            "values import the standard library, values and the shared words",
            "people.values",
            "import phonenumbers",
            ["people/values/__init__.py imports phonenumbers"],
        ),
        (
            "values import the standard library, values and the shared words",
            "people.values",
            "from status import values",
            [],
        ),
        ("no room for things without a name", "people.utils", "", ["people/utils.py"]),
    ],
)
def test_a_broken_rule_is_reported(house: Path, rule: str, module: str, statement: str, told: list[str]) -> None:
    before = RULES[rule](house)
    with module_file(house, module).open("a") as file:
        file.write(f"\n{statement}\n")

    found = [line for line in RULES[rule](house) if line not in before]

    assert found == told


def test_whatever_a_package_offers_is_there() -> None:
    packages = [".".join(path.parent.parts) for path, _ in sources(ROOT) if path.stem == "__init__"]
    offered = [(name, one) for name in packages for one in getattr(importlib.import_module(name), "__all__", ())]

    assert len(offered) > 100
    assert [(name, one) for name, one in offered if not hasattr(importlib.import_module(name), one)] == []


@pytest.mark.parametrize("floor", FLOORS)
def test_each_floor_says_in_a_paragraph_what_it_is_for(floor: str) -> None:
    said = ast.get_docstring(ast.parse((ROOT / floor / "__init__.py").read_text())) or ""

    assert len(said) > 60
