"""Ids and split of a person's own items: each depends on its own item alone, so that new items move no other."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BITS = 52  # ids stay below 2**53: exact in JavaScript too


def text_ids(texts: Sequence[str], bits: int = BITS) -> NDArray[np.int64]:
    """Hash a text of each item, its path for example, to its id.

    Args:
        texts: all different, shape (n,).
        bits: length of an id.

    Returns:
        Ids, all different, shape (n,), 0 to 2**bits - 1. Of two texts with the same hash the one
        that sorts first keeps it, and the other is hashed again with a count behind it.
    """
    taken: dict[int, str] = {}
    for text in sorted(texts):
        count, found = 0, _hash(text, 0, bits)
        while found in taken:
            count += 1
            found = _hash(text, count, bits)
        taken[found] = text
    ids = {text: found for found, text in taken.items()}
    return np.array([ids[text] for text in texts], np.int64)


def _hash(text: str, count: int, bits: int) -> int:
    content = text.encode("utf-8", "surrogatepass") + (b"\0%d" % count if count else b"")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big") >> (64 - bits)


def choose_test(ids: NDArray[np.int64], *, share: float, seed: int) -> NDArray[np.bool_]:
    """Choose the test split by a hash of each item's id and the seed.

    Args:
        ids: all different, shape (n,), n at least 2.
        share: of items for the test, above 0 and below 1.
        seed: another seed gives another choice.

    Returns:
        True for the test, shape (n,). Both sides have at least one item.
    """
    chance = _mix(ids.astype(np.uint64) ^ _mix(np.array([seed], np.uint64))).astype(np.float64) / 2**64
    is_test: NDArray[np.bool_] = chance < share
    if not is_test.any():
        is_test[chance.argmin()] = True
    if is_test.all():
        is_test[chance.argmax()] = False
    return is_test


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64: every bit of the result depends on every bit of x.

    Reference: Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014.
    """
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
