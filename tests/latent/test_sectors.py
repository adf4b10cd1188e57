"""The sectors of polar beams, against the fold itself on a fine circle."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.latent.sectors import PRINTED_CLASSES, default_class_width, default_rotation, polar_sectors
from explorer.networks.heads import polar_fold

PAPER = {"n_classes": 6, "class_width": math.radians(50), "rotation": math.radians(30)}


def degrees(sectors, forbidden):
    return [
        (round(math.degrees(s.start), 6), round(math.degrees(s.width), 6))
        for s in sectors
        if s.is_forbidden == forbidden
    ]


def test_six_classes_are_the_papers():
    sectors = polar_sectors(**PAPER)
    assert degrees(sectors, forbidden=False) == [(60 * i, 50) for i in range(6)]
    assert degrees(sectors, forbidden=True) == [(60 * i + 50, 10) for i in range(6)]


def test_printed_rule_leaves_20_degrees_of_every_sixth_empty():
    sectors = polar_sectors(**PAPER, rule="printed")
    assert degrees(sectors, forbidden=True) == [(60 * i + start, 10) for i in range(6) for start in (10, 30)]
    assert degrees(sectors, forbidden=False) == [
        (60 * i + start, w) for i in range(6) for start, w in ((20, 10), (40, 30))
    ]


@st.composite
def beams(draw):
    """Any layout that the fold takes; the printed rule where there are six classes."""
    n_classes = draw(st.integers(1, 16))
    share = 2 * math.pi / n_classes
    width = share * draw(st.floats(0.5, 0.99))
    rotation = draw(st.floats(share - width, width))
    rules = ["guaranteed", "printed"] if n_classes == PRINTED_CLASSES else ["guaranteed"]
    return {"n_classes": n_classes, "class_width": width, "rotation": rotation, "rule": draw(st.sampled_from(rules))}


@settings(deadline=None)
@given(beams())
def test_no_folded_point_lies_in_a_forbidden_sector_and_every_other_is_reached(layout):
    sectors = polar_sectors(**layout)
    assert math.fsum(sector.width for sector in sectors) == pytest.approx(2 * math.pi)
    given_angles = torch.linspace(0, 2 * math.pi, 4001, dtype=torch.float64)[:-1]
    folded = polar_fold(torch.stack([given_angles.cos(), given_angles.sin()], dim=1), **layout).numpy()
    angles = np.arctan2(folded[:, 1], folded[:, 0])
    step = 2 * math.pi / 4000
    for sector in sectors:
        deep = (angles - sector.start - step) % (2 * math.pi) < sector.width - 2 * step
        if sector.is_forbidden:
            assert not deep.any()
        elif sector.width > 4 * step:
            assert deep.any()


@pytest.mark.parametrize("n_classes", [1, 2, 10, 254])
def test_defaults_alternate_between_class_and_forbidden_sectors(n_classes):
    sectors = polar_sectors(n_classes, class_width=default_class_width(n_classes), rotation=default_rotation(n_classes))
    assert [sector.is_forbidden for sector in sectors] == [False, True] * n_classes
    assert sectors[-2].start == pytest.approx(2 * math.pi * (n_classes - 1) / n_classes)
