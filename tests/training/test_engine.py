from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.errors import BadDataError, BadValueError, TrainingError
from explorer.method import Batch, Method
from explorer.methods.supervised import SUPERVISED, SupervisedConfig
from explorer.networks.autoencoder import Autoencoder
from explorer.training import engine, report
from explorer.training.config import TrainingConfig
from explorer.training.engine import train
from explorer.training.events import Ended, EpochEnded, Event, Progressed, Started, append_event, read_events
from explorer.training.items import TrainingItems
from explorer.training.trainee import Trainee, pick_device, start
from tests.runs import built, items

CONFIG = SupervisedConfig(width=0.0625)
PLAIN = TrainingConfig(epochs=2, batch_size=16, augment=False)
Loss = Callable[[Autoencoder, Batch, SupervisedConfig], dict[str, Tensor]]


def follow(method: Method = SUPERVISED, run: TrainingConfig = PLAIN, **options) -> tuple[Trainee, list[Event]]:
    dataset = options.pop("dataset", None) or items()
    trainee = start(built(method, CONFIG, dataset), run)
    return trainee, list(train(trainee, method, CONFIG, dataset, run, **options))


def with_loss(loss: Loss) -> Method:
    return replace(SUPERVISED, loss=loss)


def weights(trainee: Trainee) -> dict[str, Tensor]:
    return trainee.network.state_dict()


def test_events_come_in_order_with_a_positive_rate():
    _, events = follow()
    assert isinstance(events[0], Started)
    assert (events[0].epoch, events[0].epochs, events[0].items, events[0].steps) == (0, 2, 56, 3)
    assert [event.epoch for event in events if isinstance(event, EpochEnded)] == [1, 2]
    assert isinstance(events[-1], EpochEnded)
    places = [(event.epoch, event.step) for event in events if isinstance(event, Progressed)]
    assert places == sorted(set(places))
    assert {(1, 3), (2, 3)} <= set(places)
    assert all(event.rate > 0 for event in events if isinstance(event, Progressed | EpochEnded))


def test_epoch_reports_the_mean_of_each_term_over_its_steps(monkeypatch):
    monkeypatch.setattr(report, "REPORT_SECONDS", 0)  # an event a step
    _, events = follow()
    of_steps = [event.terms for event in events if isinstance(event, Progressed) and event.epoch == 1]
    end = next(event for event in events if isinstance(event, EpochEnded))
    assert len(of_steps) == 3
    assert set(end.terms) == {"cross_entropy", "geometric"}
    for name, value in end.terms.items():
        assert value == pytest.approx(np.mean([terms[name] for terms in of_steps]))


def test_boundary_is_saved_before_its_event():
    dataset, saved = items(), []
    trainee = start(built(SUPERVISED, CONFIG, dataset), PLAIN)
    for event in train(trainee, SUPERVISED, CONFIG, dataset, PLAIN, save=lambda done: saved.append(done.epoch)):
        if isinstance(event, EpochEnded):
            assert saved[-1] == event.epoch
    assert saved == [1, 2]


def test_images_are_kept_as_bytes_and_come_to_the_method_between_0_and_1(monkeypatch):
    seen, kept = [], []
    take = TrainingItems.take

    def noted(self, chosen):
        kept.append(take(self, chosen).dtype)
        return take(self, chosen)

    monkeypatch.setattr(TrainingItems, "take", noted)

    def loss(network, batch, config):
        seen.append((batch.x.dtype, float(batch.x.min()), float(batch.x.max())))
        return SUPERVISED.loss(network, batch, config)

    follow(with_loss(loss))
    assert set(kept) == {torch.uint8}
    assert {kind for kind, _, _ in seen} == {torch.float32}
    assert min(low for _, low, _ in seen) >= 0
    assert 0.5 < max(high for _, _, high in seen) <= 1


def test_rate_rises_over_the_first_epoch_then_falls_to_almost_nothing():
    dataset, run = items(), TrainingConfig(epochs=4, batch_size=7, learning_rate=0.01, augment=False)
    trainee = start(built(SUPERVISED, CONFIG, dataset), run)
    rates = []

    def loss(network, batch, config):
        rates.append(trainee.optimizer.param_groups[0]["lr"])
        return SUPERVISED.loss(network, batch, config)

    list(train(trainee, with_loss(loss), CONFIG, dataset, run))
    assert len(rates) == 32  # 8 steps an epoch
    assert rates[0] == pytest.approx(0.01 / 8)
    assert rates[:8] == sorted(rates[:8])
    assert rates[7:] == sorted(rates[7:], reverse=True)
    assert 0 < rates[-1] < 0.01 / 100
    for step, rate in enumerate(rates):
        assert rate == pytest.approx(0.01 * min(1, (step + 1) / 8) * (1 + np.cos(np.pi * step / 32)) / 2)


def test_each_epoch_sees_every_item_once_but_for_the_rest_of_a_batch():
    seen = []

    def loss(network, batch, config):
        seen.append(batch.x.flatten(1).clone())
        return SUPERVISED.loss(network, batch, config)

    follow(with_loss(loss))
    dataset = items()
    known = {row.tobytes(): number for number, row in enumerate(dataset.items[dataset.rows("train")])}
    rows = [known[(row * 255).round().to(torch.uint8).numpy().tobytes()] for part in seen for row in part]
    epochs = rows[:48], rows[48:]
    assert all(len(set(epoch)) == 48 for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_augmentation_is_called_once_a_step_whatever_the_batch(monkeypatch):
    sizes = []
    original = engine.augment
    monkeypatch.setattr(engine, "augment", lambda x, *rest: (sizes.append(len(x)), original(x, *rest))[1])
    follow(run=TrainingConfig(epochs=2, batch_size=16))
    assert sizes == [16] * 6


def test_same_seed_gives_the_same_weights_and_another_seed_others():
    runs = [TrainingConfig(epochs=1, batch_size=16, seed=seed) for seed in (3, 3, 4)]
    first, again, other = (weights(follow(run=run)[0]) for run in runs)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_global_random_state_has_no_say():
    torch.manual_seed(1)
    first = weights(follow(run=TrainingConfig(epochs=1, batch_size=16))[0])
    torch.manual_seed(2)
    again = weights(follow(run=TrainingConfig(epochs=1, batch_size=16))[0])
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_fewer_items_than_a_batch_make_one_step_of_all():
    seen = []

    def loss(network, batch, config):
        seen.append(len(batch.x))
        return SUPERVISED.loss(network, batch, config)

    _, events = follow(with_loss(loss), dataset=items(n=18))
    assert seen == [10, 10]
    assert events[0].steps == 1


@pytest.mark.parametrize("n", [8, 9])
def test_no_item_or_one_is_refused(n):
    with pytest.raises(BadDataError, match=rf"rows has {n - 8} training items?; training needs 2 or more"):
        follow(dataset=items(n=n))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_term_that_is_no_number_stops_and_is_named_with_epoch_and_step(value):
    calls, saved = [], []

    def loss(network, batch, config):
        calls.append(None)
        terms = SUPERVISED.loss(network, batch, config)
        return terms | {"geometric": terms["geometric"] * value} if len(calls) == 5 else terms

    with pytest.raises(TrainingError, match=r"^The geometric loss became (nan|inf) in epoch 2, step 2\. Lower") as told:
        follow(with_loss(loss), save=lambda done: saved.append(done.epoch))
    assert saved == [1]
    assert "\n" not in str(told.value)


def test_weights_that_are_no_numbers_after_a_finite_loss_are_never_saved():
    calls, saved = [], []

    def loss(network, batch, config):
        calls.append(None)
        terms = SUPERVISED.loss(network, batch, config)
        bias = next(p for name, p in network.named_parameters() if name.endswith("a.bias"))
        root = (bias - bias.detach()).abs().sum().sqrt()  # 0, with a gradient of NaN
        return terms | {"root": root if len(calls) == 3 else root.detach()}  # in the epoch's last step

    with pytest.raises(TrainingError, match=r"^The weights \S+ became infinite or NaN in epoch 1\. Lower"):
        follow(with_loss(loss), save=lambda done: saved.append(done.epoch))
    assert saved == []


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.05 GB)."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("std::bad_alloc"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: str(error)[:30])
def test_no_memory_left_is_one_sentence_that_says_what_to_lower(error):
    def loss(*_):
        raise error

    with pytest.raises(TrainingError, match=r"^Out of memory on cpu at batch size 16: lower --batch-size") as told:
        follow(with_loss(loss))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
        RuntimeError("The tensor has a non-zero number of elements, but its data is not allocated yet."),
        RuntimeError("pointer being freed was not allocated"),
        ValueError("can't allocate memory"),
    ],
    ids=lambda error: str(error)[:30],
)
def test_any_other_error_passes_as_it_is(error):
    def loss(*_):
        raise error

    with pytest.raises(type(error)) as told:
        follow(with_loss(loss))
    assert told.value is error


@pytest.mark.parametrize(("name", "sentence"), [("gpu", "must be auto, cpu"), ("cuda", "has no cuda device")])
def test_device_that_is_not_there_is_refused(name, sentence, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadValueError, match=sentence):
        pick_device(name)


@pytest.mark.parametrize(("cuda", "mps", "best"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")])
def test_auto_takes_the_fastest_device_there_is(cuda, mps, best, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device("auto") == best


def test_events_survive_the_file(tmp_path):
    events = [
        Started(0, 2, 56, 3, "cpu"),
        Progressed(1, 3, {"cross_entropy": 1.5}, 99.0),
        EpochEnded(1, {"cross_entropy": 1.5}, 98.0),
        Ended("failed", "a sentence"),
    ]
    for event in events:
        append_event(tmp_path / "events.jsonl", event)
    assert list(read_events(tmp_path / "events.jsonl")) == events


def test_torn_and_foreign_lines_of_events_are_left_out(tmp_path):
    file = tmp_path / "events.jsonl"
    append_event(file, Ended("finished"))
    with file.open("ab") as end:
        end.write(b'{"kind": "Exploded"}\n[]\n7\n{"kind": "Ended", "colour": 1}\n\xff\xfe\n{"kind": "Ended", "sta')
    assert [event.status for event in read_events(file)] == ["finished"]


def test_events_of_a_run_without_any_are_none(tmp_path):
    assert list(read_events(tmp_path / "events.jsonl")) == []
