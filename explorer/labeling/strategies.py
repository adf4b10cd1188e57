"""Which items to ask a person about next. To add a strategy: write its function, then add its line."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from explorer.errors import BadDataError
from explorer.labeling import active
from explorer.labeling.diversity import diverse_margin, k_centre
from explorer.labeling.pool import Pool, Rows, candidate_rows
from explorer.labeling.uncertainty import entropy, margin
from explorer.registry import lookup
from explorer.retrieval.index import best

Pick = Callable[[Pool, int, np.random.Generator], Rows]
WITHOUT_SCORES = "diversity"  # what picks before there are two classes to be uncertain between


@dataclass(frozen=True)
class Strategy:
    """One line of STRATEGIES.

    Args:
        meaning: what it asks for, in words for a person.
        pick: of (pool, number, rng), the rows to ask about, in this order; the pool's candidates are in order and
            unlabelled.
        needs_scores: whether it must wait for labels of two classes.
        needs_strangeness: whether it asks the pool how strange items are to the decoder.
        extra: the extra that it needs; empty for none.
    """

    meaning: str
    pick: Pick
    needs_scores: bool = False
    needs_strangeness: bool = False
    extra: str = ""


def random(n_items: int, n: int, *, candidates: ArrayLike | None = None, rng: np.random.Generator) -> Rows:
    """Ask about items drawn by chance, each equally likely: what a guided pick is compared with.

    Args:
        n_items: number of items.
        n: how many to pick, at least 0; fewer come where there are fewer candidates.
        candidates: rows to choose from; None for all.
        rng: draws.

    Returns:
        Distinct rows in the order drawn.

    Raises:
        BadValueError: a negative number, or candidates that are no rows.
    """
    rows = candidate_rows(n_items, n, candidates)
    return rng.choice(rows, min(n, len(rows)), replace=False)


def picks(name: str, pool: Pool, n: int, rng: np.random.Generator) -> Rows:
    """Pick by a strategy's name; where it needs scores and there are none yet, by diversity.

    Args:
        name: in STRATEGIES.
        pool: the items; labelled candidates are left out.
        n: how many, at least 0; fewer come where there are fewer candidates.
        rng: draws; the same state gives the same picks.

    Returns:
        Distinct rows of unlabelled candidates, in the order in which to ask.

    Raises:
        UnknownNameError: no such strategy.
        BadValueError: a negative number, candidates that are no rows, or an extra that is missing.
        BadDataError: scores that are NaN, or no strangeness where it is needed.
    """
    strategy = lookup(STRATEGIES, name, "strategy")
    if strategy.needs_scores and not pool.has_scores:
        strategy = STRATEGIES[WITHOUT_SCORES]
    rows = candidate_rows(len(pool.z), n, pool.candidates)
    rows = rows[pool.labels[rows] < 0]
    if not (n and len(rows)):
        return rows[:0]
    return strategy.pick(replace(pool, candidates=rows), n, rng)


def problem(name: str) -> str:
    """Why a strategy cannot be used here, in one sentence; empty for one that can."""
    needs_more = lookup(STRATEGIES, name, "strategy").extra == active.EXTRA and not active.is_installed()
    return active.MISSING if needs_more else ""


def _strangest(pool: Pool, n: int, _: np.random.Generator) -> Rows:
    """The candidates that are strangest to the decoder, equally strange ones by row."""
    if pool.strangeness is None:
        raise BadDataError("Nothing says how strange items are to the decoder; choose another strategy.")
    return pool.candidates[best(pool.strangeness()[pool.candidates], n, largest=True).rows]


STRATEGIES: dict[str, Strategy] = {
    "margin": Strategy(
        "items whose two likeliest classes are hardest to tell apart",
        lambda pool, n, _: margin(pool.scores, n, candidates=pool.candidates),
        needs_scores=True,
    ),
    "entropy": Strategy(
        "items whose class is most open, all classes counted",
        lambda pool, n, _: entropy(pool.scores, n, candidates=pool.candidates),
        needs_scores=True,
    ),
    "random": Strategy(
        "items drawn by chance, to compare with",
        lambda pool, n, rng: random(len(pool.z), n, candidates=pool.candidates, rng=rng),
    ),
    "diversity": Strategy(
        "items far from all that are labelled, and from each other (k-centre)",
        lambda pool, n, rng: k_centre(pool.z, n, candidates=pool.candidates, labelled=pool.labelled, rng=rng),
    ),
    "margin-diversity": Strategy(
        "items that are hard to tell apart, and far from each other",
        lambda pool, n, rng: diverse_margin(
            pool.scores, pool.z, n, candidates=pool.candidates, labelled=pool.labelled, rng=rng
        ),
        needs_scores=True,
    ),
    "decoder": Strategy(
        "items that are drawn badly by the decoder and lie where few others do", _strangest, needs_strangeness=True
    ),
    "activeml-typiclust": Strategy(
        "typical items of clusters without labels (TypiClust)", active.typiclust, extra=active.EXTRA
    ),
    "activeml-probcover": Strategy(
        "items in the midst of many that are near no labelled one (ProbCover)", active.prob_cover, extra=active.EXTRA
    ),
    "activeml-badge": Strategy(
        "items that would change a classifier most, in different ways (BADGE)",
        active.badge,
        needs_scores=True,
        extra=active.EXTRA,
    ),
    "activeml-bald": Strategy(
        "items on which the trees of a forest disagree most (BALD)",
        active.bald,
        needs_scores=True,
        extra=active.EXTRA,
    ),
}
