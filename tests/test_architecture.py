"""What DESIGN.md asks of the code's shape, held by tests."""

import ast
import importlib
import os
import pkgutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "explorer"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))

ALLOWED_IN_PAGES = {"streamlit", "explorer.ui", "explorer.workflows", "explorer.figures"}
STANDARD_IN_PAGES = {"__future__", "collections", "dataclasses", "functools", "itertools", "math", "pathlib", "typing"}
ISLANDS = {"data", "latent", "retrieval", "evaluation", "labeling", "figures", "settings", "registry", "fields"}
ISLANDS |= {"files", "places", "errors"}
VAGUE = {"utils", "helpers", "common", "base", "manager", "misc"}


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[str]:
    """Every imported module, `from explorer import ui` given as explorer.ui."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ([f"explorer.{alias.name}" for alias in node.names] if module == "explorer" else [module])


def forbidden_imports(source: str) -> list[str]:
    """Imports that a page must not have."""
    return [
        module
        for module in imports(ast.parse(source))
        if module.split(".")[0] not in STANDARD_IN_PAGES
        and not any(module == allowed or module.startswith(f"{allowed}.") for allowed in ALLOWED_IN_PAGES)
    ]


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Name and number of lines of every function, its docstring not counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            docstring = (first.end_lineno or 0) - first.lineno + 1 if is_text and ast.get_docstring(node) else 0
            yield node.name, (node.end_lineno or 0) - node.lineno + 1 - docstring


def test_imports_only_point_downwards():
    answer = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_numpy_island_stands_in_its_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    listed = next(contract for contract in contracts if contract["id"] == "islands")["source_modules"]
    there = {f"explorer.{module.name}" for module in pkgutil.iter_modules([str(PACKAGE)]) if module.name in ISLANDS}
    assert set(listed) == there


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_page_is_thin(page):
    source = page.read_text()
    assert forbidden_imports(source) == []
    assert len(source.splitlines()) <= 120
    assert {function: lines for function, lines in functions(source) if lines > 15} == {}


@pytest.mark.parametrize(
    "line",
    ["import torch", "from explorer.zoo import store", "from explorer import zoo", "import explorer", "import os"],
)
def test_guard_of_pages_sees_a_forbidden_import(line):
    assert forbidden_imports(f"def show():\n    {line}\n") != []


@pytest.mark.parametrize(
    "line", ["import streamlit as st", "from explorer import workflows", "from explorer.ui.state import current"]
)
def test_guard_of_pages_lets_the_allowed_pass(line):
    assert forbidden_imports(line) == []


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_file_and_its_functions_are_short(file):
    source = file.read_text()
    assert len(source.splitlines()) <= 300
    assert {function: lines for function, lines in functions(source) if lines > 40} == {}


def test_functions_are_measured_without_their_docstring():
    assert list(functions('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n')) == [("f", 2)]


@pytest.mark.parametrize("file", SOURCES, ids=name)
def test_only_the_command_line_prints(file):
    calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    printing = [call.lineno for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
    assert printing == [] or file.relative_to(PACKAGE).parts[0] in {"cli.py", "cli"}


def test_no_file_has_a_vague_name():
    assert [name(file) for file in SOURCES if file.stem in VAGUE or file.parent.name in VAGUE] == []


def records(package: str, kind: str) -> list[tuple[str, object]]:
    """(module, record) for each record of a kind that the package's modules define by name."""
    found = []
    for module in pkgutil.iter_modules([str(ROOT / package.replace(".", "/"))]):
        members = vars(importlib.import_module(f"{package}.{module.name}")).values()
        found += [(module.name, member) for member in members if type(member).__name__ == kind]
    return found


def test_every_method_file_stands_in_the_table():
    table = importlib.import_module("explorer.methods").METHODS
    files = {module.name for module in pkgutil.iter_modules([str(PACKAGE / "methods")])}
    assert {module for module, record in records("explorer.methods", "Method") if record in table.values()} == files


def test_every_data_set_stands_in_the_table():
    table = importlib.import_module("explorer.data").DATASETS
    found = records("explorer.data", "DatasetSource")
    assert found
    assert [module for module, source in found if source not in table.values()] == []


@pytest.mark.parametrize(("package", "table"), [("explorer.methods", "METHODS"), ("explorer.data", "DATASETS")])
def test_tables_list_each_entry_under_its_own_name(package, table):
    entries = getattr(importlib.import_module(package), table)
    assert {key: entry.name for key, entry in entries.items()} == {key: key for key in entries}
