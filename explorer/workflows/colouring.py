"""What the colour of a point can say beside its class: scores, the split, and any factor of the data set."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from explorer.data.dataset import Dataset
from explorer.errors import UnknownNameError
from explorer.workflows.columns import Column, of_factor, of_groups, of_values, tells_apart
from explorer.workflows.maps import LatentMap
from explorer.workflows.runs import Items
from explorer.zoo.card import Card
from explorer.zoo.store import SPLITS

VERDICT_COLOURS = ("#9AA0A8", "#C2185B")  # right is pale, wrong is strong, and neither is a class's
FACTOR = "factor:"  # what the names of factors begin with: a factor may be called as it likes


def offered(space: LatentMap, dataset: Dataset | None = None) -> dict[str, str]:
    """Which columns a run's items have: their names, with short titles for a choice, all different.

    Args:
        space: a map of the run.
        dataset: what the run was trained on, whose factors are offered too; None where it is not at hand.
    """
    predicts, is_test = bool(space.predictor), space.is_test
    there = {
        "confidence": ("Confidence", predicts),
        "error": ("Reconstruction error", space.latents.error.shape[1] > 0),
        "verdict": ("Right or wrong", predicts and bool((space.latents.labels >= 0).any())),
        "predicted": ("Predicted class", predicts),
        "split": ("Split", bool(is_test.any() and not is_test.all())),
    }
    titles = {name: title for name, (title, is_there) in there.items() if is_there}
    taken = {"class", *(title.lower() for title in titles.values())}
    for factor, values in ({} if dataset is None else dataset.factors).items():
        if tells_apart(values):
            title = _title(factor)
            title = f"{title} (factor {factor})" if title.lower() in taken else title
            titles[FACTOR + factor] = title
            taken.add(title.lower())
    return titles


def column(space: LatentMap, card: Card, name: str, items: Items | None = None) -> Column:
    """One of the columns that `offered` names.

    Args:
        space: a map of the run.
        card: the run's.
        name: of the column.
        items: the run's items, for a factor.

    Raises:
        UnknownNameError: no such column.
        BadRunError: items that are not those of the latents.
    """
    found = _SCORES[name](space, card) if name in _SCORES else None
    if found is not None:
        return found
    factors = {} if items is None else items.dataset.factors
    factor = name.removeprefix(FACTOR)
    if items is not None and factor != name and factor in factors and tells_apart(factors[factor]):
        values = factors[factor][items.rows(space.latents.ids)]
        return of_factor(name, _title(factor), values, tuple(card.classes))
    names = ", ".join(offered(space, None if items is None else items.dataset)) or "none"
    raise UnknownNameError(f"This run has no colouring {name[:80]!r}; it has: {names}. Choose one of these.")


def _confidence(space: LatentMap, _card: Card) -> Column | None:
    if space.confidence is None:
        return None
    return of_values("confidence", f"Confidence of {space.predictor}, 0 to 1", space.confidence, limits=(0, 1))


def _reconstruction(space: LatentMap, card: Card) -> Column | None:
    error = space.latents.error
    if not error.shape[1]:
        return None
    unit = "of pixels from 0 to 1" if len(card.shape) > 1 else "in standard deviations of the features"
    return of_values("error", f"Reconstruction error, root mean square {unit}", error[:, 0])


def _verdict(space: LatentMap, _card: Card) -> Column | None:
    labels, predicted = space.latents.labels, space.predicted
    if predicted is None or not (labels >= 0).any():
        return None
    members = np.where(labels < 0, -1, predicted != labels)
    found = of_groups("verdict", f"Prediction by {space.predictor}", members, ("right", "wrong"))
    return replace(found, own_colours=VERDICT_COLOURS)


def _predicted(space: LatentMap, card: Card) -> Column | None:
    if space.predicted is None:
        return None
    title = f"Class predicted by {space.predictor}"
    return of_groups("predicted", title, space.predicted, tuple(card.classes))


def _split(space: LatentMap, _card: Card) -> Column | None:
    if space.is_test.all() or not space.is_test.any():
        return None
    return of_groups("split", "Split", space.is_test.astype(np.intp), SPLITS)


_SCORES: dict[str, Callable[[LatentMap, Card], Column | None]] = {
    "confidence": _confidence,
    "error": _reconstruction,
    "verdict": _verdict,
    "predicted": _predicted,
    "split": _split,
}


def _title(factor: str) -> str:
    words = factor.replace("_", " ").strip() or "Factor"
    return words[0].upper() + words[1:]
