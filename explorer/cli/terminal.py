"""What the commands share: settings, and the line that says what is being done."""

import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from explorer.settings import Settings

Text = str | None
Device = Literal["auto", "cpu", "cuda", "mps"] | None


def settings_for(device: str | None = None) -> "Settings":
    """The installation's settings, on another device if one is named."""
    from explorer.settings import load_settings

    settings = load_settings()
    return settings if device is None else settings.model_copy(update={"device": device})


def count(n: int, what: str) -> str:
    """A number of things, in words: "1 item", "2,000 items"."""
    return f"{n:,} {what}{'s' * (n != 1)}"


def loading(done: int, total: int, stage: str = "Preparing the data") -> None:
    """A line that says what is being done and counts its steps, where somebody watches."""
    if sys.stderr.isatty():
        steps = f": {done:,} of {total:,}" if total else ""
        print(f"\r{stage}{steps}", end="\n" if done >= total else "", file=sys.stderr)
