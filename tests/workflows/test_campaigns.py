"""Simulated campaigns: known answers of their records, and a tiny one made, cut off and gone on with."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explorer import places
from explorer.data import DATASETS
from explorer.errors import BadDataError, BadValueError, UnknownNameError
from explorer.settings import Settings
from explorer.workflows import campaigns
from explorer.workflows.campaign_records import CHANCE, GUIDED, Campaign, Setup, in_words, kept, records, write
from explorer.workflows.campaigns import run_campaign

TINY = Setup(
    data="digits",
    items=200,
    start=6,
    per_round=4,
    rounds=2,
    epochs=1,
    pretraining=1,
    seeds=2,
    latent_dims=3,
    width=0.0625,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_root=tmp_path / "data", runs_root=tmp_path / "runs", device="cpu")


def made(chance: list[list[float]], guided: list[list[float]], **changes: object) -> Campaign:
    setup = Setup(data="digits", start=10, per_round=10, rounds=len(chance[0]) - 1, seeds=len(chance))
    values = {"classes": ["a", "b"], "test_items": 9, "command": "c", "created": "2026-01-01T00:00:00+00:00"}
    return Campaign(setup=setup, errors={CHANCE: chance, GUIDED: guided}, **(values | changes))


def test_guided_picks_are_there_where_their_mean_first_is_as_low_as_the_end_of_random_ones():
    one = made([[0.5, 0.4, 0.3, 0.2], [0.5, 0.4, 0.3, 0.4]], [[0.5, 0.3, 0.1, 0.1], [0.5, 0.4, 0.4, 0.3]])
    assert one.setup.labels.tolist() == [10, 20, 30, 40]
    assert one.reached == 30  # random ends at 0.3; guided: 0.5, 0.35, 0.25, 0.2
    assert one.share == 0.75
    assert one.shares == [0.75, 0.5]
    begin = "Random picks end at 30.0 % error with 40 labels, mean of 2 seeds; "
    assert in_words(one) == begin + "guided picks are there with 30, 75 % of them (seed by seed: 75, 50)."


def test_guided_picks_that_never_get_there_say_so():
    one = made([[0.5, 0.1]], [[0.5, 0.2]])
    assert (one.reached, one.share, one.shares) == (None, None, [None])
    assert "guided picks did not get there" in in_words(one)


def test_seeds_that_never_get_there_are_told_beside_the_mean():
    one = made([[0.5, 0.2], [0.5, 0.1]], [[0.5, 0.0], [0.5, 0.2]])
    assert in_words(one).endswith("guided picks are there with 20, 100 % of them (seed by seed: 100, never).")
    assert in_words(made([[0.5, 0.2]], [[0.5, 0.1]])).endswith("with 20, 100 % of them.")


def test_campaign_has_an_error_a_round_of_each_strategy_and_seed_and_begins_alike(settings):
    said: list[tuple[str, int, int]] = []
    found = run_campaign(TINY, settings, "the command", lambda *told: said.append(told))
    for strategy in (CHANCE, GUIDED):
        assert found.of(strategy).shape == (2, 3)
        assert ((found.of(strategy) >= 0) & (found.of(strategy) < 0.9)).all()
    assert np.array_equal(found.of(CHANCE)[:, 0], found.of(GUIDED)[:, 0])  # the same labels to begin with
    assert not np.array_equal(found.of(CHANCE)[:, 1:], found.of(GUIDED)[:, 1:])
    assert (len(found.classes), found.command, bool(found.created)) == (3, "the command", True)
    assert said[-1] == ("seed 1: margin picks", 12, 12)
    assert records(settings)[0] == found == kept(TINY, settings)


def test_one_that_was_cut_off_goes_on_to_the_same_end(settings, tmp_path, monkeypatch):
    whole = run_campaign(TINY, settings)
    other = settings.model_copy(update={"data_root": tmp_path / "other"})
    walk, walked = campaigns._walk, []

    def cut(*arguments):
        if len(walked) == 3:
            raise KeyboardInterrupt
        walked.append(arguments[4:6])
        return walk(*arguments)

    monkeypatch.setattr(campaigns, "_walk", cut)
    with pytest.raises(KeyboardInterrupt):
        run_campaign(TINY, other)
    assert records(other) == [one for one in records(other) if one.setup != TINY]  # it is not whole
    monkeypatch.setattr(campaigns, "_walk", lambda *arguments: walked.append(arguments[4:6]) or walk(*arguments))
    assert run_campaign(TINY, other).errors == whole.errors
    assert walked == [(CHANCE, 0), (GUIDED, 0), (CHANCE, 1), (GUIDED, 1)]


def test_what_cannot_be_simulated_is_refused_in_a_sentence(settings, monkeypatch):
    with pytest.raises(BadValueError, match="520 labels of 100 items"):
        run_campaign(Setup(data="digits", items=100), settings)
    with pytest.raises(UnknownNameError, match="nothing"):
        run_campaign(Setup(data="nothing"), settings)
    with pytest.raises(BadValueError, match="rounds"):
        Setup(data="digits", rounds=0)
    source = DATASETS["digits"]

    def unlabelled(*_):
        dataset = source.load(source.config(), settings.data_root, None)
        return replace(dataset, labels=np.where(dataset.ids == dataset.ids[0], -1, dataset.labels))

    monkeypatch.setitem(campaigns.DATASETS, "digits", replace(source, load=unlabelled))
    with pytest.raises(BadDataError, match="nobody can be simulated"):
        run_campaign(TINY, settings)


def test_damaged_and_foreign_records_are_left_out(settings):
    write(made([[0.5, 0.1]], [[0.5, 0.2]]), settings)
    folder = settings.data_root / "campaigns"
    (file,) = folder.glob("*.json")
    whole = json.loads(file.read_text())
    for number, broken in enumerate(
        [
            {},
            whole | {"errors": {CHANCE: [[0.1]], GUIDED: [[0.1]]}},
            whole | {"errors": {CHANCE: []}},
            whole | {"x": 1},
            whole | {"setup": whole["setup"] | {"rounds": 0}},
        ]
    ):
        (folder / f"broken-{number}.json").write_text(json.dumps(broken))
    (folder / "text.json").write_text("{")
    own = [one for one in records(settings) if one.setup.data == "digits"]
    assert len(own) == 1


def test_own_campaign_stands_in_place_of_the_shipped_one_of_the_same_settings(settings):
    before = records(settings)
    own = before[-1].model_copy(update={"command": "mine"})
    write(own, settings)
    assert records(settings) == [own, *before[:-1]]


def test_shipped_campaigns_are_whole_and_say_their_command(settings):
    shipped = records(settings)
    assert {one.setup.data for one in shipped} == {"mnist", "fashion-mnist"}
    assert len(shipped) == 3
    for one in shipped:
        begin, *said = one.command.split(" --")
        changes = dict(flag.replace("-", "_").split() for flag in said)
        assert begin == f"latent-explorer campaign {one.setup.data}"
        assert one.setup == Setup(data=one.setup.data, **{name: int(value) for name, value in changes.items()})
        assert one.setup.seeds >= 3
        assert one.share is not None
    assert (places.models() / "campaigns").is_dir()
