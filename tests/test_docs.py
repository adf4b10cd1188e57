"""What the documents say is held to what the code is."""

import doctest
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer import evaluation
from explorer.cli import COMMANDS
from explorer.data import DATASETS
from explorer.evaluation import METRICS, structure
from explorer.labeling.strategies import STRATEGIES
from explorer.methods import METHODS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
METHODS_PAGE = ROOT / "docs" / "methods.md"

LINK = re.compile(r"\]\(([^)\s]+)\)")
FOLDERS = "explorer|pages|tests|docs|models|benchmarks"
PATH = re.compile(rf"(?<![\w./-])(?:{FOLDERS})/[\w./-]*[\w/]")
# A slash where a path begins: not within a word, an address, a closing tag or a pattern.
ABSOLUTE = re.compile(r"(?<![\w./:<>*}\]-])(?:/[A-Za-z][\w.-]*/|~/|[A-Z]:\\)")
HOST = re.compile(r"\b(?:[a-z0-9-]+\.)+(?:org|com|net|io|dev|ai|cloud)\b")
NAMED_HOSTS = {"fonts.gstatic.com"}  # named as a server that is not asked


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def outside_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def broken_links(file: Path, text: str) -> list[str]:
    """Links to files that are not there; addresses of the web and places in the same page are left out."""
    targets = [link.split("#")[0] for link in LINK.findall(outside_blocks(text)) if "://" not in link]
    return [target for target in targets if target and not (file.parent / target).exists()]


def missing_paths(text: str) -> list[str]:
    """Paths from the checkout's root that are named but not there."""
    return [path for path in PATH.findall(text) if not (ROOT / path).exists()]


def foreign_names(text: str) -> list[str]:
    """Hosts that nobody allowed, and absolute paths."""
    return [host for host in HOST.findall(text) if host not in NAMED_HOSTS] + ABSOLUTE.findall(text)


def everything() -> str:
    return "\n".join(file.read_text("utf-8") for file in DOCUMENTS)


def choices(annotation: object) -> Iterator[str]:
    """The words that a setting takes."""
    if typing.get_origin(annotation) is typing.Literal:
        yield from (word for word in typing.get_args(annotation) if isinstance(word, str))


@pytest.mark.parametrize("command", list(COMMANDS))
def test_every_command_is_shown_as_it_is_typed(command: str) -> None:
    assert re.search(rf"latent-explorer {command}\b", everything())


@pytest.mark.parametrize("entry", [*METHODS, *DATASETS, *METRICS, *STRATEGIES])
def test_every_entry_of_a_table_is_named(entry: str) -> None:
    assert f"`{entry}`" in everything()


@pytest.mark.parametrize("method", list(METHODS))
def test_every_setting_of_a_method_and_each_of_its_choices_is_explained(method: str) -> None:
    text = METHODS_PAGE.read_text("utf-8")
    fields = METHODS[method].config.model_fields
    words = [*fields, *(word for field in fields.values() for word in choices(field.annotation))]
    assert [word for word in words if f"`{word}`" not in text] == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=name)
def test_links_lead_somewhere(file: Path) -> None:
    assert broken_links(file, file.read_text("utf-8")) == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=name)
def test_named_paths_are_there(file: Path) -> None:
    assert missing_paths(file.read_text("utf-8")) == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=name)
def test_no_foreign_host_and_no_absolute_path_is_named(file: Path) -> None:
    assert foreign_names(file.read_text("utf-8")) == []


def test_guards_see_what_they_guard_against() -> None:
    assert broken_links(ROOT / "README.md", "[a](docs/none.md) [b](docs) [c](#here)") == ["docs/none.md"]
    assert missing_paths("See `explorer/none.py`, explorer/fields.py and pages/.") == ["explorer/none.py"]
    assert foreign_names("`/etc/passwd`, ~/runs, mirror.example.com") == ["mirror.example.com", "/etc/", "~/"]
    assert foreign_names("and/or, http://127.0.0.1:8501/Map, </div>, 1/2, `a / b`, fonts.gstatic.com") == []


def test_numbers_of_the_methods_page_are_what_its_code_prints() -> None:
    sessions = blocks(METHODS_PAGE.read_text("utf-8"), "pycon")
    assert sessions
    runner, parser = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS), doctest.DocTestParser()
    for session in sessions:
        runner.run(parser.get_doctest(session, {}, "docs/methods.md", None, 0))
    assert runner.summarize(verbose=False).failed == 0


def test_python_of_contributing_compiles() -> None:
    code = blocks(CONTRIBUTING.read_text("utf-8"), "python")
    assert code
    for block in code:
        compile(block, "CONTRIBUTING.md", "exec")


def test_lines_around_the_change_of_the_worked_example_still_stand() -> None:
    changes = blocks(CONTRIBUTING.read_text("utf-8"), "diff")
    assert changes
    there = Path(evaluation.__file__).read_text("utf-8").splitlines()
    around = [line[1:] for change in changes for line in change.splitlines() if line[:1] in ("-", " ")]
    assert [line for line in around if line not in there] == []


def test_worked_example_of_contributing_passes_its_own_test() -> None:
    """Its blocks run where they would stand: in the two files of explorer/evaluation, then the test."""
    place = {**vars(structure), **vars(evaluation)}
    before = set(place)
    for block in blocks(CONTRIBUTING.read_text("utf-8"), "python"):
        exec(compile(block, "CONTRIBUTING.md", "exec"), place)
    tests = [value for key, value in place.items() if key not in before and key.startswith("test_")]
    assert tests
    for test in tests:
        test()
