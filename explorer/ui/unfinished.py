"""A run whose training is under way or ended before its time: how far it came, why, and what to do next."""

from html import escape
from pathlib import Path

import streamlit as st

from explorer.training.events import last_epoch
from explorer.workflows.runs import last_words
from explorer.zoo.card import Card
from explorer.zoo.lock import is_training
from explorer.zoo.run import Run
from explorer.zoo.store import EVENTS, LATENTS

LOOKED_EVERY = 2.0  # seconds


def is_under_way(folder: Path, card: Card) -> bool:
    """Whether a process is training the run now."""
    return LATENTS not in card.files and is_training(folder)


def tell(folder: Path, card: Card) -> None:
    """On the card of a run that is not finished: how far its training is, or how it ended and what to do next."""
    if is_under_way(folder, card):
        watch(folder, card)
        return
    said, command = words(folder, card)
    code = f"<code>{escape(command)}</code>" if command else ""
    st.html(f'<div class="le-state">{escape(said)} {code}</div>')


def words(folder: Path, card: Card) -> tuple[str, str]:
    """How a training ended before its time, and the command that goes on with it; empty where that would not help.

    Args:
        folder: of the run.
        card: of a run that is not finished, and whose training is not under way.
    """
    done = card.epochs_done or last_epoch(folder / EVENTS)
    after = f"after {_of(done, card)}"
    if card.status == "failed":
        why = last_words(Run(folder)) or "It left no reason."
        return f"Failed {after}. {why} Train it anew under another name.", ""
    happened = "Stopped" if card.status == "interrupted" else "Cut off"
    return f"{happened} {after}. To go on:", f"latent-explorer train --resume {folder.name}"


def watch(folder: Path, card: Card) -> None:
    """How far a training has come, looked at again and again; when it is over, the whole page is drawn anew."""
    st.fragment(_progress, run_every=LOOKED_EVERY)(folder, card)


def _progress(folder: Path, card: Card) -> None:
    if not is_training(folder):
        st.rerun()
    done, total = last_epoch(folder / EVENTS), _total(card)
    st.progress(min(1.0, done / max(1, total)), text=f"Being trained: {_of(done, card)} done")


def _of(done: int, card: Card) -> str:
    total = _total(card)
    return f"{done} of {total} epochs" if total else f"{done} epochs"


def _total(card: Card) -> int:
    """Epochs in all; 0 where a foreign card does not say."""
    total = card.training.get("epochs")
    return total if isinstance(total, int) else 0
