"""The commands that train a session's run further, and that simulate sessions."""

from typing import TYPE_CHECKING, Annotated

import tyro

from explorer.cli.terminal import loading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from explorer.workflows.campaign_records import Campaign


def tune(
    session: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SESSION")],
    *,
    who: str = "fine-tuned",
    epochs: int = 5,
) -> None:
    """Train a labeling session's run further with its labels, as a new run that the session then goes on with.

    The session goes on meanwhile; if this is cancelled or fails, it stays as it was.

    For example:
      latent-explorer tune digits-of-may
      latent-explorer tune digits-of-may --who Ada --epochs 10

    Args:
        session: its name.
        who: whose wish it is, for the session's log.
        epochs: passes over the items.
    """
    from explorer.settings import load_settings
    from explorer.workflows.session_tuning import tune as fine_tune

    made = fine_tune(session, load_settings(), who=who, epochs=epochs, report=_report)
    print(f"{session} goes on with the new run {made}. See it: latent-explorer app {made}")


def campaign(  # noqa: PLR0913 - each is a flag
    data: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DATA")],
    *,
    items: int = 10_000,
    start: int = 40,
    per_round: int = 40,
    rounds: int = 12,
    epochs: int = 3,
    pretraining: int = 6,
    seeds: int = 3,
    latent_dims: int = 16,
    width: float = 0.25,
) -> None:
    """Simulate labeling where all labels are known: guided picks against random ones, error after each round.

    mnist and digits are told apart in three random groups of digits, fashion-mnist in garments of summer, winter and
    all year. What was done is kept; the same command again goes on where it was cut off.

    For example:
      latent-explorer campaign mnist
      latent-explorer campaign fashion-mnist --start 200 --per-round 100 --rounds 10
      latent-explorer campaign digits --items 1000 --start 10 --per-round 10 --seeds 1

    Args:
        data: name of the data set.
        items: training items, drawn anew with each seed.
        start: labels to begin with.
        per_round: labels asked for in a round.
        rounds: of asking.
        epochs: of training with the known labels in each round.
        pretraining: epochs without labels before.
        seeds: how often all of it is done.
        latent_dims: of the autoencoder.
        width: scales the channels of its network.
    """
    import shlex
    import sys

    from explorer.settings import load_settings
    from explorer.workflows.campaign_records import Setup
    from explorer.workflows.campaigns import run_campaign

    setup = Setup(
        data=data,
        items=items,
        start=start,
        per_round=per_round,
        rounds=rounds,
        epochs=epochs,
        pretraining=pretraining,
        seeds=seeds,
        latent_dims=latent_dims,
        width=width,
    )
    command = shlex.join(["latent-explorer", "campaign", *sys.argv[2:]])
    found = run_campaign(setup, load_settings(), command, _report)
    print("\n".join(_table(found)))


def _report(stage: str, done: int, total: int) -> None:
    loading(done, total, stage)


def _table(found: "Campaign") -> list[str]:
    """Error after each round, and what it comes to."""
    from explorer.workflows.campaign_records import CHANCE, GUIDED, in_words

    lines = [f"{'labels':>7}  {'random picks':>16}  {'guided picks':>16}"]
    columns = [found.of(strategy) for strategy in (CHANCE, GUIDED)]
    for number, labels in enumerate(found.setup.labels):
        cells = [_cell(rows[:, number]) for rows in columns]
        lines.append(f"{labels:>7}  {cells[0]:>16}  {cells[1]:>16}")
    return [*lines, "", in_words(found)]


def _cell(errors: "NDArray[np.float64]") -> str:
    """Mean and standard deviation over the seeds, of which one has none."""
    spread = f" ± {100 * errors.std(ddof=1):4.2f}" if len(errors) > 1 else ""
    return f"{100 * errors.mean():6.2f} %{spread}"
