"""Hits as one picture: every item is in it, pixel by pixel, and a verdict is told by more than a colour."""

from io import BytesIO

import numpy as np
from PIL import Image

from explorer.figures.sheet import A_ROW, SIDE, Strip, hits_sheet

GREY = 120


def sheet(strips: list[Strip]) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(hits_sheet(strips))).convert("RGB"))


def strip(count: int, verdict: str = "", query: np.ndarray | None = None) -> Strip:
    hit = np.full((1, 8, 8), GREY, np.uint8)
    return Strip("title", query, [hit] * count, ["3 0.1234"] * count, [verdict] * count)


def test_every_hit_is_drawn_in_full_and_rows_wrap():
    for count in (1, A_ROW, A_ROW + 3):
        drawn = (sheet([strip(count)]) == GREY).all(axis=2).sum()
        assert count * SIDE**2 <= drawn <= count * (SIDE**2 + 40), "a letter's edge may be as grey"
    one, two = (sheet([strip(count)]).shape for count in (A_ROW, A_ROW + 1))
    assert one[1] == two[1]
    assert one[0] < two[0]


def test_query_stands_in_front():
    query = np.zeros((3, 8, 8), np.uint8)
    query[0] = 255
    picture = sheet([strip(2, query=query)])
    red = np.argwhere((picture == (255, 0, 0)).all(axis=2))
    grey = np.argwhere((picture == GREY).all(axis=2))
    assert len(red) == SIDE**2
    assert red[:, 1].max() < grey[:, 1].min()


def test_verdicts_look_different_without_colour():
    pictures = [sheet([strip(1, verdict)]).mean(axis=2) for verdict in ("", "right", "class", "wrong")]
    assert len({picture.tobytes() for picture in pictures}) == 4


def test_strips_stand_below_each_other():
    assert sheet([strip(3), strip(3)]).shape[0] > 1.8 * sheet([strip(3)]).shape[0]


def test_vectors_and_no_hits_are_drawn_too():
    vector = np.linspace(-1, 1, 12).astype(np.float32)
    assert sheet([Strip("bars", vector, [vector], ["a"], ["right"])]).shape[2] == 3
    assert sheet([Strip("nothing", None, [], [], [])]).size
