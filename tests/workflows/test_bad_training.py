"""What somebody is told whose training cannot begin or goes wrong: one sentence, and no half run is left."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import explorer
from explorer.cli import main
from explorer.data import DATASETS
from explorer.data.dataset import Dataset, DatasetSource
from explorer.fields import Config
from explorer.methods import METHODS
from explorer.training.events import Ended, read_events
from explorer.zoo.store import EVENTS
from tests.commands import imported, pictures, set_up, train
from tests.runs import items, vectors

NEED_LABELS = [name for name, method in METHODS.items() if method.needs_labels(method.config())]
OF_ITEMS = [name for name, method in METHODS.items() if method.sampling != "groups"]  # all but those of groups
NEED_NONE = [name for name in OF_ITEMS if name not in NEED_LABELS]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return set_up(tmp_path, monkeypatch)


@dataclass
class Said:
    """What a command left: its exit code, what it said on stderr, and the runs that there are."""

    code: int
    sentence: str
    runs: list[str]


@pytest.fixture
def ask(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Train `try` on a data set made for the test, which is called `made`."""

    def train_on(dataset: Dataset, method: str, *flags: str) -> Said:
        source = DatasetSource("made", "Made for a test", Config, lambda *_: replace(dataset, name="made"))
        monkeypatch.setitem(DATASETS, "made", source)
        code = train(method, "made", "try", *flags)
        return Said(code, capsys.readouterr().err, [path.name for path in (home / "runs").glob("*")])

    return train_on


def assert_refused(said: Said, words: str) -> None:
    """One line with these words, exit code 2, and no run."""
    assert said.code == 2
    assert words in said.sentence
    assert said.sentence.count("\n") == 1
    assert said.runs == []


def only(dataset: Dataset, rows: np.ndarray) -> Dataset:
    """The data set's items at these rows, all for training but the last."""
    is_test = np.arange(len(rows)) == len(rows) - 1
    return replace(
        dataset, items=dataset.items[rows], labels=dataset.labels[rows], ids=dataset.ids[rows], is_test=is_test
    )


@pytest.mark.parametrize("method", NEED_LABELS)
def test_one_class_is_not_enough(ask, method):
    dataset = replace(vectors(), labels=np.zeros(64, np.int64), classes=("cats",))
    assert_refused(ask(dataset, method), f"{method} tells classes apart, but made has one class, 'cats'")


@pytest.mark.parametrize("method", NEED_LABELS)
def test_no_labels_are_not_enough(ask, method):
    dataset = replace(vectors(), labels=np.full(64, -1), classes=())
    assert_refused(ask(dataset, method), "has no classes; it needs two or more. Label some, or train a method that")


@pytest.mark.parametrize("method", NEED_LABELS)
def test_class_whose_items_are_all_in_the_test_is_named(ask, method):
    dataset = vectors()
    dataset = replace(dataset, is_test=dataset.labels == 1)
    assert_refused(ask(dataset, method), "has none to train on of the class 'class 1'")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_than_two_training_items_are_not_enough(ask, method, n):
    assert_refused(ask(only(vectors(), np.arange(n)), method), f"made has {max(0, n - 1)} training item")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dataset", [items(), vectors()], ids=["images", "vectors"])
def test_constant_items_have_nothing_to_teach(ask, method, dataset):
    same = replace(dataset, items=np.repeat(dataset.items[:1], len(dataset), axis=0))
    assert_refused(ask(same, method), "All training items of made are the same")


SETTINGS = [
    ("structuring", "vectors", ("--class-distances", "0 1 2; 1 0 1; 3 1 0"), "the matrix must be symmetric"),
    ("structuring", "vectors", ("--class-distances", "0 1 2; 1 4 1; 2 1 0"), "set the diagonal to 0"),
    ("structuring", "vectors", ("--class-distances", "0 1; 1 0"), "3 classes need 3 rows of 3 numbers"),
    ("structuring", "vectors", ("--class-distances", "0 1 2; 1 0 1; 2 1"), "must be 3 rows of 3 numbers"),
    ("structuring", "vectors", ("--class-distances", "0 far 2; far 0 1; 2 1 0"), "must be 3 rows of 3 numbers"),
    ("structuring", "vectors", ("--class-distances", "0 nan 2; nan 0 1; 2 1 0"), "must be a finite number"),
    ("structuring", "vectors", ("--class-distances", "0 -1 2; -1 0 1; 2 1 0"), "not negative"),
    ("structuring", "vectors", ("--class-distances", "0 1 1e9; 1 0 1; 1e9 1 0"), "at most to 1,000,000"),
    ("structuring", "vectors", ("--class-distance", "1e300"), "class_distance = '1e+300', but it should be less"),
    ("structuring", "vectors", ("--structural-weight", "1.1"), "structural_weight = '1.1', but it should be less"),
    ("structuring", "vectors", ("--mds-steps", "0"), "mds_steps = '0', but it should be greater than or equal to 1"),
    ("polar", "vectors", ("--class-width", "10"), "A class sector of 10 degrees does not fit: with 3 classes it must"),
    ("polar", "vectors", ("--fold-rotation", "119"), "choose 20 to 100"),
    ("polar", "vectors", ("--rule", "printed"), "The printed rule is for 6 classes, not 3"),
    ("polar", "vectors", ("--latent-dims", "3"), "latent_dims = '3', but it should be less than or equal to 2"),
    ("polar", "vectors", ("--reconstruction", "pattern"), "is for images; choose pixels for vectors"),
    ("supervised", "vectors", ("--reconstruction", "pattern"), "is for images; choose pixels for vectors"),
    ("supervised", "vectors", ("--latent-dims", "3"), "The class circle lies in 2 dimensions"),
    ("supervised", "vectors", ("--latent-dims", "1", "--layout", "simplex"), "needs 2 latent dimensions or more"),
    ("vae", "vectors", ("--likelihood", "bernoulli"), "choose gaussian for vectors"),
    ("ae", "images", ("--network", "vgg"), "vgg needs images of 32 pixels a side or more, not 16 x 16"),
    ("ae", "vectors", ("--network", "conv"), "the items are vectors of 12 numbers. Choose the network mlp or auto"),
    ("ae", "vectors", ("--latent-dims", "0"), "latent_dims = '0', but it should be greater than or equal to 1"),
    ("ae", "vectors", ("--hidden", "0"), "hidden.0 = '0', but it should be greater than or equal to 1"),
    (
        "classifier",
        "vectors",
        ("--label-share", "1.5"),
        "label_share = '1.5', but it should be less than or equal to 1",
    ),
    ("classifier", "vectors", ("--label-share", "-0.5"), "label_share = '-0.5', but it should be greater"),
    ("ae", "vectors", ("--seed", "99999999999999999999"), "seed = '99999999999999999999', but it should be less"),
    ("ae", "vectors", ("--seed", "9999999999999"), "seed = '9999999999999', but it should be less"),
    ("ae", "vectors", ("--learning-rate", "inf"), "learning_rate = 'inf', but it should be a finite number"),
    ("ae", "vectors", ("--epochs", "0"), "epochs = '0', but it should be greater than or equal to 1"),
    ("ae", "vectors", ("--repeats", "0"), "repeats = 0, but it must be 1 or more"),
    ("ae", "vectors", ("--name", "../out"), "'../out' is no run name"),
    ("ae", "vectors", ("--title", "x" * 3000), "cannot have a card: title"),
]


@pytest.mark.parametrize(
    ("method", "kind", "flags", "words"), SETTINGS, ids=[f"{one[0]}{''.join(one[2])[:40]}" for one in SETTINGS]
)
def test_setting_that_does_not_fit_is_one_sentence(ask, method, kind, flags, words):
    assert_refused(ask({"images": items, "vectors": vectors}[kind](), method, *flags), words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("vea", "digits"), "There is no method 'vea'. Did you mean 'vae'? Choose one of: "),
        (("ae", "digit"), "There is no data set 'digit'. Did you mean 'digits'? Choose one of: "),
        (("ae", "folder", "--name", "try"), "Say which import to use, with --data.name NAME. There are none yet"),
        (("ae", "arrays", "--name", "try", "--data.name", "../../etc"), "There is no import '../../etc'."),
        ((), "Say what to train: latent-explorer train METHOD DATA, or --resume NAME."),
        (("ae",), "Say METHOD and DATA first"),
        (("--resume", "nothing"), "There is no run 'nothing'."),
    ],
)
def test_unknown_name_is_one_sentence(home, capsys, arguments, words):
    code = main(["train", *arguments])
    assert_refused(Said(code, capsys.readouterr().err, [path.name for path in (home / "runs").glob("*")]), words)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--name", "try", "--widht", "1"), ("--widht", "--width")),
        (("--name", "try", "--epochs", "many"), ("--epochs", "INT")),
        (("--name", "try", "--epochs"), ("--epochs",)),
        (("--name", "try", "--network", "cnov"), ("--network", "conv")),
        ((), ("--name",)),
    ],
    ids=["unknown", "no number", "no value", "no choice", "no name"],
)
def test_flag_that_cannot_be_read_is_named_in_a_few_lines(home, capsys, flags, words):
    with pytest.raises(SystemExit) as ended:
        main(["train", "ae", "digits", *flags])
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    assert all(word in told.err for word in (*words, "latent-explorer train ae digits --help"))
    assert "Traceback" not in told.err
    assert len(told.err.strip().splitlines()) <= 10
    assert not (home / "runs").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300], ids=str)
def test_import_of_vectors_that_are_no_numbers_says_in_which_row(home, capsys, value):
    wrong = vectors().items.astype(np.float64)
    wrong[7, 3] = value
    np.save(home / "wrong.npy", wrong)
    assert main(["data", "import", str(home / "wrong.npy"), "--name", "wrong"]) == 2
    assert "1 of 64 vectors of wrong.npy hold NaN, infinite or too large values, the first in row 7" in (
        capsys.readouterr().err
    )
    assert train("ae", "arrays", "try", "--data.name", "wrong") == 2


def test_folder_with_nothing_readable_says_why(home, capsys):
    (home / "pictures").mkdir()
    (home / "pictures" / "notes.txt").write_text("no picture")
    assert main(["data", "import", str(home / "pictures"), "--name", "none"]) == 2
    told = capsys.readouterr().err
    assert "holds no picture that can be read (1 skipped: notes.txt" in told
    assert told.count("\n") == 1


@pytest.fixture
def flat(home: Path) -> Path:
    """An import of pictures without classes, `flat`."""
    return imported(home, pictures(home / "flat", {"": 12}), "flat", "--size", "8")


@pytest.mark.usefixtures("flat")
@pytest.mark.parametrize("method", NEED_LABELS)
def test_unlabelled_folder_is_refused_by_methods_that_need_labels(home, capsys, method):
    code = train(method, "folder", "try", "--data.name", "flat")
    said = Said(code, capsys.readouterr().err, [path.name for path in (home / "runs").glob("*")])
    assert_refused(said, f"{method} tells classes apart, but folder has no classes")


@pytest.mark.usefixtures("flat")
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("method", NEED_NONE)
def test_unlabelled_folder_trains_the_others_and_their_seeds_compare(method):
    assert train(method, "folder", "try", "--data.name", "flat", "--repeats", "2") == 0
    run = explorer.load("try")
    assert run.svm is None
    assert run.latents("test").probabilities.shape[1] == 0
    assert set(run.card.metrics) == {"train_reconstruction_rmse", "test_reconstruction_rmse"}
    assert explorer.load("try-seed-1").card.status == "finished"


DIVERGING = ("--learning-rate", "1e30")


def ends(folder: Path) -> list[tuple[str, str]]:
    return [(event.status, event.message) for event in read_events(folder / EVENTS) if isinstance(event, Ended)]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("method", OF_ITEMS)
def test_training_that_diverges_says_so_and_the_run_tells_why(home, ask, method):
    said = ask(vectors(), method, *DIVERGING, "--epochs", "3")
    assert said.code == 2
    assert said.sentence.count("\n") == 1
    assert re.search(r"[Ll]ower (--|the )learning.rate", said.sentence)
    assert explorer.load("try").card.status == "failed"
    assert ends(home / "runs" / "try") == [("failed", said.sentence.strip())]


@pytest.mark.parametrize("method", OF_ITEMS)
def test_training_whose_last_step_diverges_is_no_finished_run(home, ask, method):
    said = ask(vectors(), method, *DIVERGING, "--batch-size", "112")  # a single step, of pairs too
    assert said.code == 2
    assert said.sentence.startswith("The latents of try became infinite or NaN, so there is no map of them.")
    assert explorer.load("try").card.status == "failed"
    assert ends(home / "runs" / "try") == [("failed", said.sentence.strip())]


OTHER_DATA = {
    "training items": only(vectors(), np.arange(40)),
    "test items": only(vectors(66), np.r_[np.arange(57)]),
    "shape": vectors(features=7),
    "classes": replace(vectors(), classes=("a", "b", "c")),
}


@pytest.mark.parametrize("changed", OTHER_DATA)
def test_run_whose_data_changed_does_not_go_on(home, ask, monkeypatch, capsys, changed):
    method, steps = METHODS["ae"], []

    def loss(network, batch, config):
        steps.append(None)
        if len(steps) == 2:
            raise KeyboardInterrupt
        return method.loss(network, batch, config)

    with monkeypatch.context() as patch:
        patch.setitem(METHODS, "ae", replace(method, loss=loss))
        assert ask(vectors(), "ae", "--epochs", "3").code == 130
    before = {path.name: path.read_bytes() for path in (home / "runs" / "try").rglob("*") if path.is_file()}
    monkeypatch.setitem(DATASETS, "made", replace(DATASETS["made"], load=lambda *_: OTHER_DATA[changed]))
    assert main(["train", "--resume", "try"]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"The data of try have other {changed} than when its training began, so it cannot go on.")
    assert told.count("\n") == 1
    assert {path.name: path.read_bytes() for path in (home / "runs" / "try").rglob("*") if path.is_file()} == before
