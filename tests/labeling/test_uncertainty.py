"""Entropy of scores and of probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import BadDataError
from explorer.labeling.uncertainty import BLOCK, entropies, entropy
from tests import reference

SEEDS = st.integers(0, 2**32 - 1)


def test_known_entropies():
    shares = np.array([[1.0, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3], [0.9, 0.1, 0]])
    expected = [0, np.log(2), np.log(3), -0.9 * np.log(0.9) - 0.1 * np.log(0.1)]
    assert entropies(shares) == pytest.approx(expected, abs=1e-12)
    assert entropy(shares, 4).tolist() == [2, 1, 3, 0]


@given(SEEDS, st.integers(0, 30), st.integers(2, 6), st.integers(0, 35), st.booleans())
def test_entropy_is_the_slow_twins_on_scores_and_on_shares(seed, items, n_classes, n, are_shares):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(items, n_classes)) * 3
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    candidates = np.flatnonzero(rng.random(items) < 0.6)
    found = entropy(shares if are_shares else logits, n, candidates=candidates)
    assert found.tolist() == reference.most_open(shares.tolist(), n, candidates.tolist())


def test_shift_and_half_precision_do_not_matter_and_blocks_are_joined():
    logits = np.random.default_rng(0).normal(size=(BLOCK + 3, 5)) * 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert entropies(logits + 700) == pytest.approx(entropies(shares), abs=1e-9)
    assert entropies(shares.astype(np.float16).astype(np.float32)) == pytest.approx(entropies(shares), abs=5e-3)


def test_a_class_that_scores_minus_infinity_takes_no_part():
    scores = np.array([[-np.inf, 2, 2], [-np.inf, 9, 0]])
    assert entropies(scores) == pytest.approx([np.log(2), 0], abs=2e-3)


@pytest.mark.parametrize("scores", [np.zeros((3, 1)), np.zeros(3), np.array([[0.0, np.nan], [0, 1]])])
def test_what_has_no_entropy_is_refused(scores):
    with pytest.raises(BadDataError):
        entropy(scores, 1)
