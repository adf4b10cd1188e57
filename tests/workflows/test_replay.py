from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.training.events import EpochEnded, read_events
from explorer.workflows.maps import latent_map
from explorer.workflows.replay import read_replay, turned
from explorer.zoo.run import Run
from explorer.zoo.snapshots import FOLDER, read_snapshots
from explorer.zoo.store import EVENTS


@pytest.fixture
def run(installation):
    return Run(installation / "runs" / "tiny")


def test_last_frame_is_the_map_and_the_first_is_before_the_training(run):
    space = latent_map(run)
    replay = read_replay(run, space)
    assert replay.epochs.tolist() == [0, 1, 2]
    rows = [int(np.flatnonzero(space.latents.ids == i)[0]) for i in replay.space.latents.ids]
    np.testing.assert_array_equal(replay.places[-1], space.places[rows])
    assert replay.rows.tolist() == rows == sorted(rows)  # in the order of the map, which is shuffled
    snapshots = read_snapshots(run.folder, run.card)
    first = {int(i): z for i, z in zip(snapshots.ids, snapshots.z[0], strict=True)}
    np.testing.assert_allclose(replay.places[0], [first[int(i)] for i in replay.space.latents.ids])
    assert not replay.is_turned  # petals have their places


def test_earlier_frame_has_its_latents_and_neither_decoder_nor_predictions(run):
    replay = read_replay(run, latent_map(run))
    then = replay.at(1)
    np.testing.assert_array_equal(then.latents.z, replay.z[1])
    np.testing.assert_array_equal(then.latents.ids, replay.space.latents.ids)
    assert (then.epoch, replay.space.epoch) == (1, None)
    assert then.predicted is None
    assert replay.at(2) is replay.space
    assert replay.at(2).predicted is not None


def test_each_frame_tells_the_losses_of_its_epoch(run):
    replay = read_replay(run, latent_map(run))
    ended = [event for event in read_events(run.folder / EVENTS) if isinstance(event, EpochEnded)]
    assert replay.terms == ({}, dict(ended[0].terms), dict(ended[1].terms))


def test_movers_are_measured_over_one_epoch(run):
    replay = read_replay(run, latent_map(run))
    assert (replay.moved(0) == 0).all()
    one = [np.hypot(*(replay.z[2][i].astype(float) - replay.z[1][i])) for i in range(len(replay.space))]
    np.testing.assert_allclose(replay.moved(2), one)


def test_frames_are_found_by_epoch(run):
    replay = replace(read_replay(run, latent_map(run)), epochs=np.array([0, 5, 10]))
    assert [replay.frame_of(epoch) for epoch in (-3, 0, 4, 5, 9, 10, 99)] == [0, 0, 0, 1, 1, 2, 2]


def test_run_without_snapshots_has_no_replay(run):
    run.card = run.card.model_copy(update={"files": {k: v for k, v in run.card.files.items() if k != FOLDER}})
    assert read_replay(run, latent_map(run)) is None


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000), dims=st.integers(1, 5), frames=st.integers(1, 5))
def test_frames_that_only_turn_stand_still_and_none_changes_its_distances(seed, dims, frames):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(20, dims)).astype(np.float32)
    spun = np.stack([z @ np.linalg.qr(rng.normal(size=(dims, dims)))[0] + rng.normal(size=dims) for _ in range(frames)])
    np.testing.assert_allclose(turned(spun.astype(np.float32), z), np.stack([z] * frames), atol=1e-4)
    other = rng.normal(size=(frames, 20, dims)).astype(np.float32)
    for before, after in zip(other, turned(other, z), strict=True):
        gaps = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (before, after)]
        np.testing.assert_allclose(*gaps, atol=1e-4)
