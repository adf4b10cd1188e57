"""Strategies of scikit-activeml, by the extra `active`.

They take whole matrices of distances or clusterings, so they look at a fair sample of labelled items and candidates.
"""

import warnings
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import BadDataError, BadValueError
from explorer.labeling.pool import Pool, Rows

EXTRA = "active"
MOST_CANDIDATES = 3000
MOST_LABELLED = 1000
MOST_ROUNDS = 200  # of a logistic regression
TREES = 50
SEEDS = 2**31
MISSING = (
    "The strategies of scikit-activeml need the extra `active`. Install it with pip install 'latent-explorer[active]', "
    "or choose another strategy."
)


def is_installed() -> bool:
    """Whether the extra is there; nothing is imported."""
    return find_spec("skactiveml") is not None


def typiclust(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Ask about the most typical item of each large cluster that holds no label.

    Reference: Hacohen, Dekel and Weinshall, Active Learning on a Budget.
    """
    return _query("TypiClust", pool, n, rng)


def prob_cover(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Ask about the items around which most items lie that are near no labelled one.

    Reference: Yehuda, Dekel, Hacohen and Weinshall, Active Learning Through a Covering Lens.
    """
    return _query("ProbCover", pool, n, rng, n_classes=max(pool.scores.shape[1], 2))


def badge(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Ask about items whose labels would move a classifier far, each in another direction.

    Reference: Ash, Zhang, Krishnamurthy, Langford and Agarwal, Deep Batch Active Learning by Diverse, Uncertain
    Gradient Lower Bounds.

    Differs: the classifier is a logistic regression on the latents, and its bias is a weight of a latent that is 1.
    """
    from sklearn.linear_model import LogisticRegression

    return _query("Badge", pool, n, rng, classifier=("clf", LogisticRegression(max_iter=MOST_ROUNDS)), has_bias=True)


def bald(pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Ask about items on which classifiers that agree about the labels differ most.

    Reference: Houlsby, Huszar, Ghahramani and Lengyel, Bayesian Active Learning for Classification and Preference
    Learning.

    Differs: the classifiers are the trees of a random forest on the latents.
    """
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(TREES, random_state=int(rng.integers(SEEDS)))
    return _query("GreedyBALD", pool, n, rng, classifier=("ensemble", forest))


def _query(
    strategy: str,
    pool: Pool,
    n: int,
    rng: np.random.Generator,
    *,
    classifier: tuple[str, Any] | None = None,
    has_bias: bool = False,
    **settings: Any,
) -> Rows:
    """What one of its strategies picks, each item once.

    Args:
        strategy: its class.
        pool, n, rng: as a strategy takes them.
        classifier: the argument's name, and what is fitted.
        has_bias: whether it sees a further latent that is 1.
        settings: of the strategy.

    Raises:
        BadValueError: the extra is missing.
        BadDataError: latents of which it makes nothing, such as collapsed ones.
    """
    if not is_installed():
        raise BadValueError(MISSING)
    from skactiveml import pool as strategies

    candidates = _sample(pool.candidates, max(n, MOST_CANDIDATES), rng)
    rows = np.union1d(_sample(pool.labelled, MOST_LABELLED, rng), candidates)
    z, labels, seed = _scaled(pool.z[rows]), pool.labels[rows].astype(np.int64), int(rng.integers(SEEDS))
    if has_bias:
        z = np.column_stack([z, np.ones(len(z))])
    given = {} if classifier is None else {classifier[0]: _wrapped(classifier[1], pool, seed)}
    chosen = getattr(strategies, strategy)(missing_label=-1, random_state=seed, **settings)
    with warnings.catch_warnings():  # of clusters and radii that are not the best
        warnings.simplefilter("ignore")
        asked = {"candidates": np.searchsorted(rows, candidates), "batch_size": min(n, len(candidates))}
        try:
            found = chosen.query(z, labels, **given, **asked)
        except Exception as error:
            raise BadDataError(
                f"scikit-activeml's {strategy} makes nothing of these latents ({type(error).__name__}); "
                "choose another strategy."
            ) from error
    return rows[np.array(list(dict.fromkeys(np.asarray(found).tolist())), np.intp)]


def _wrapped(estimator: Any, pool: Pool, seed: int) -> Any:
    """A classifier of scikit-learn as scikit-activeml takes it."""
    from skactiveml.classifier import SklearnClassifier

    classes = np.unique(pool.labels[pool.labels >= 0]).tolist()
    return SklearnClassifier(estimator, classes=classes, missing_label=-1, random_state=seed)


def _sample(rows: Rows, most: int, rng: np.random.Generator) -> Rows:
    """At most so many of them, each equally likely, ascending."""
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _scaled(z: NDArray[np.floating]) -> NDArray[np.float64]:
    """Latents centred and divided by the root mean square of their lengths: radii mean the same at any scale."""
    centred = z.astype(np.float64) - z.mean(axis=0, dtype=np.float64)
    length = float(np.sqrt(np.square(centred).sum(axis=1).mean()))
    return np.asarray(centred / (length or 1.0))
