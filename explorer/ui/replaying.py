"""The replay of a training: the epoch slider under the map, and beside it what happened in that epoch."""

import numpy as np
import streamlit as st

from explorer.ui import unknowns
from explorer.ui.address_bar import write
from explorer.ui.gallery import HIT_PIXELS, facts, heading, pictures
from explorer.ui.inspector import items_of, picture
from explorer.ui.scatter import Timeline
from explorer.ui.spaces import distance_in, why_not_turned
from explorer.ui.state import OpenRun
from explorer.workflows.replay import Replay

MOVERS = 12
MOST_TRAILS = 40


def choice(opened: OpenRun) -> bool:
    """The control: whether the training is replayed; none for a run that kept nothing of it."""
    if not opened.has_replay:
        return False
    unknowns.expect("replay", unknowns.is_switch, "no replay")
    return st.toggle("Replay", key="replay", bind="query-params")


def timeline(opened: OpenRun, replay: Replay) -> Timeline:
    """The slider, at the epoch that the address names or else at the last one."""
    epochs = [str(epoch) for epoch in replay.epochs]
    unknowns.expect("epoch", epochs.__contains__, f"epoch {epochs[asked_frame(replay)]}")
    return Timeline(
        url=opened.address("frames"),
        labels=tuple("before training" if epoch == 0 else f"epoch {epoch}" for epoch in replay.epochs),
        start=asked_frame(replay),
    )


def asked_frame(replay: Replay) -> int:
    """The frame of the epoch in the address; the last one where it names none."""
    text = st.query_params.get("epoch", "")
    return replay.frame_of(int(text)) if text.isdecimal() and len(text) < 7 else len(replay) - 1  # noqa: PLR2004


def remember(replay: Replay, frame: int) -> None:
    """Keep the epoch in the address."""
    epoch = str(replay.epochs[frame])
    if st.query_params.get("epoch") != epoch:
        write("epoch", epoch)


def movers(replay: Replay, frame: int) -> list[int]:
    """Rows of the items that moved most in the epoch that ends here, the farthest first."""
    return [] if frame == 0 else np.argsort(-replay.moved(frame), kind="stable")[:MOST_TRAILS].tolist()


def show(opened: OpenRun, replay: Replay, frame: int) -> None:
    """What happened in the epoch: its losses, and the items that moved most."""
    last = int(replay.epochs[-1])
    lines = [(f"Epoch {replay.epochs[frame]} of {last}", f"{len(replay.space):,} items, followed all along")]
    terms = ", ".join(f"{name.replace('_', ' ')} {value:.3g}" for name, value in replay.terms[frame].items())
    lines += [("Mean loss", terms)] if terms else []
    facts([*lines, ("Layout", "each epoch turned onto the next" if replay.is_turned else why_not_turned(replay))])
    rows = np.array(movers(replay, frame)[:MOVERS], np.intp)
    if len(rows):
        heading("Moved most in this epoch", f"{distance_in(replay.space.geometry)}, from the epoch before")
    else:
        heading("Before the first epoch nothing has moved")
    if not len(rows):
        return
    latents, moved = replay.space.latents, replay.moved(frame)
    images = items_of(opened, latents.ids[rows])
    if images is None:
        facts([(f"{moved[row]:.3f}", f"item {latents.ids[row]}") for row in rows])
        return
    cells = [
        picture(opened, image, [f"moved {moved[row]:.3f}"], int(latents.labels[row]))
        for row, image in zip(rows, images, strict=True)
    ]
    pictures(cells, side=HIT_PIXELS, n_classes=len(opened.run.card.classes), name="Moved most")
