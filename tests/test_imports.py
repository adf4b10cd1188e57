"""What must not wait for torch, each in a fresh process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "torchvision", "lightning_fabric", "streamlit", "scipy", "numpy", "pydantic")


def loaded_after(code: str) -> set[str]:
    """Which of the heavy packages a fresh process holds after running `code`."""
    report = f"\nimport sys\nprint('LOADED', *sorted(set({HEAVY!r}) & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", code + report],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return set(answer.stdout.rsplit("LOADED", 1)[1].split())


OPEN = "import explorer\nrun = explorer.load('tiny')\n"
MAP = OPEN + (
    "from explorer.workflows.maps import latent_map\n"
    "from explorer.workflows.search import query_at, search\n"
    "space = latent_map(run)\n"
)


def test_importing_the_package_imports_nothing_heavy():
    assert loaded_after("import explorer") == set()


@pytest.mark.parametrize(
    "code",
    [
        OPEN + "assert len(run.latents('test').z)\nassert len(run.neighbours([0.85, 0], k=3).rows) == 3",
        MAP + "assert len(space.as_bytes())\n"
        "search(space, query_at(space, row=0), k=3, measure='latent similarity', boundary_similarity=0.79)\n"
        "search(space, query_at(space, place=(0.1, 0.2)), k=3, measure='Euclidean', boundary_similarity=0.79)",
        OPEN + "from explorer.workflows import runs\nassert [entry for entry in runs.shelf() if entry.name == 'tiny']\n"
        "assert len(runs.load_items(run.card).images(run.latents('test').ids))",
        "from explorer.workflows.reviewing import review\nfrom explorer.workflows.runs import shelf\n"
        "from explorer.workflows.mistakes import cell, confidences\nfrom explorer.figures import charts\n"
        "from explorer.settings import load_settings\nimport explorer, numpy\n"
        "run = explorer.load('digits-structured')\n"
        "found = {one.name: one for one in (review(entry, load_settings()) for entry in shelf())}[run.card.name]\n"
        "assert len(cell(run, 'SVM', 0, 0).ids) and confidences(run)\n"
        "charts.confusion(numpy.array(found.record.confusion['SVM']), run.card.classes)",
    ],
    ids=["latents and neighbours", "map and searches", "shelf and images", "records and their figures"],
)
@pytest.mark.usefixtures("installation")
def test_opening_mapping_and_searching_wait_for_neither_torch_nor_streamlit(code):
    assert loaded_after(code) & {"torch", "torchvision", "lightning_fabric", "streamlit"} == set()


@pytest.mark.usefixtures("installation")
def test_decoding_imports_torch():
    assert "torch" in loaded_after(OPEN + "assert run.decode([0.1, 0.2]).shape == (1, 1, 32, 32)")
