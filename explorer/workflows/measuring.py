"""Encode a run's items and measure what came out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from explorer.data import DATASETS
from explorer.data.dataset import Dataset, Split
from explorer.evaluation import METRICS, Evidence
from explorer.evaluation.structure import centroid_offsets, centroid_spread, class_centroids
from explorer.fields import parse
from explorer.registry import lookup
from explorer.settings import Settings
from explorer.zoo.card import Measurement
from explorer.zoo.run import Run, as_images
from explorer.zoo.store import Latents


def embed(run: Run, dataset: Dataset, split: Split) -> Latents:
    """Encode and classify a split's items."""
    rows = dataset.rows(split)
    z = run.encode(dataset.items[rows])
    has_classifier = run.network.classifier is not None
    probabilities = run.probabilities(z) if has_classifier else np.empty((len(rows), 0), np.float32)
    return Latents(dataset.ids[rows], z, dataset.labels[rows], probabilities)


def measure(run: Run, dataset: Dataset, latents: dict[Split, Latents], settings: Settings) -> dict[str, Measurement]:
    """Every metric that applies to a run: on its splits, and on data sets that it never saw."""
    measured: dict[str, Measurement] = {}
    for split, part in latents.items():
        measured |= _measured(run, split, part, dataset.items[dataset.rows(split)])
    source = lookup(DATASETS, run.card.data.name, "data set")
    config = parse(source.config, run.card.data.settings, f"The data of {run.card.name}")
    for name, shifted in source.shifts.items():
        other = source.load(shifted(config), settings.data_root, None)
        measured |= _measured(run, name, embed(run, other, "test"), other.items[other.rows("test")])
    return measured


def _measured(run: Run, where: str, latents: Latents, images: NDArray[np.uint8]) -> dict[str, Measurement]:
    """Every metric that applies, on one set of items; `where` begins its name."""
    evidence = Evidence(
        z=latents.z,
        labels=latents.labels,
        predicted=latents.probabilities.argmax(axis=1) if latents.probabilities.shape[1] else None,
        targets=run.card.class_targets,
        squared_error=_squared_error(run, latents.z, images) if run.card.has_decoder else None,
    )
    values = {name: metric.compute(evidence) for name, metric in METRICS.items()}
    return {
        f"{where}_{name}": Measurement(value=value, items=len(latents.ids), meaning=METRICS[name].meaning)
        for name, value in values.items()
        if value is not None and np.isfinite(value)
    }


def _squared_error(run: Run, z: NDArray[np.float32], images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean squared pixel error of each item's reconstruction, pixels in 0 to 1."""
    difference = run.decode(z) - as_images(images, run.card.shape)
    return np.asarray(np.square(difference, dtype=np.float64).mean(axis=(1, 2, 3)))


def between_seeds(runs: Sequence[Run]) -> dict[str, Measurement]:
    """How far class centroids of the training latents move between runs that differ by seed alone."""
    parts = [run.latents("train") for run in runs]
    n_classes, targets = len(runs[0].card.classes), runs[0].card.class_targets
    centroids = np.stack([class_centroids(part.z, part.labels, n_classes) for part in parts])
    found = {"seeds_centroid_spread": (centroid_spread(centroids), "distance of class centroids from their mean")}
    if targets is not None:
        offsets = np.stack([centroid_offsets(part.z, part.labels, targets) for part in parts])
        found["seeds_centroid_offset"] = float(offsets.mean()), METRICS["centroid_offset"].meaning
        found["seeds_farthest_centroid"] = float(offsets.max()), METRICS["farthest_centroid"].meaning
    return {
        name: Measurement(value=value, items=len(parts[0].ids), meaning=f"{meaning}, over {len(runs)} seeds")
        for name, (value, meaning) in found.items()
        if np.isfinite(value)  # a class without training items has no centroid
    }
