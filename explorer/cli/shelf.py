"""The commands about what is there: data sets, kept maps, items to label next."""

from typing import Annotated, Literal

import tyro

from explorer.cli.terminal import Text, loading, settings_for
from explorer.data.own import ImportConfig


def data(
    action: tyro.conf.Positional[Literal["list", "prepare", "import"]],
    what: Annotated[tyro.conf.Positional[Text], tyro.conf.arg(metavar="[NAME|PATH]")] = None,
    *,
    asked: Annotated[ImportConfig, tyro.conf.arg(name="")] = ImportConfig(),  # noqa: B008 - it is frozen
) -> None:
    """List the data sets, prepare one so that nothing waits for it later, or import your own under a name.

    For example:
      latent-explorer data list
      latent-explorer data prepare textures
      latent-explorer data import pictures --name my-pictures

    Args:
        action: list, prepare or import.
        what: the data set to prepare, with its default settings; or the folder or file to import.
        asked: of an import.
    """
    from explorer.workflows.importing import run

    print(*run(action, what or "", asked, settings_for(), loading), sep="\n")


def project(
    run: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN", help_behavior_hint="")],
    *,
    method: Annotated[Literal["umap", "tsne"], tyro.conf.arg(name="map")],
) -> None:
    """Lay a run's latents of more than two dimensions out by UMAP or t-SNE; the map is kept for the Map page.

    For example:
      latent-explorer project my-run --map umap

    Args:
        run: name of the run.
        method: umap or tsne.
    """
    from explorer.workflows.projecting import Kept, compute
    from explorer.workflows.runs import open_run

    kept = Kept(open_run(run), method, settings_for())
    found = compute(kept, lambda stage, done, total: loading(done, total, stage))
    print(f"The {kept.map.title} map of {run} is kept; its trustworthiness is {found.trustworthiness:.3f}.")


def suggest(
    run: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="RUN", help_behavior_hint="")],
    *,
    n: int = 20,
    strategy: str = "margin",
    seed: int = 0,
) -> None:
    """Name the unlabelled training items that a person should label next.

    For example:
      latent-explorer suggest my-run --n 50
      latent-explorer suggest my-run --strategy diversity

    Args:
        run: name of the run.
        n: how many.
        strategy: margin (hardest to tell apart), entropy, margin-diversity, diversity (far from all that is labelled),
            decoder (drawn badly, few others near), random; and by the extra active: activeml-typiclust,
            activeml-probcover, activeml-badge, activeml-bald. Without scores, diversity.
        seed: of what is drawn.
    """
    from explorer.workflows.runs import open_run
    from explorer.workflows.suggesting import suggestions

    picked = suggestions(open_run(run), n, strategy, seed=seed, settings=settings_for(), progress=loading)
    print(f"{'id':>16}  {'margin':>8}  likeliest class, next, file")
    for pick in picked:
        print(f"{pick.id:>16}  {pick.margin:>8.3f}  {', '.join(text for text in pick.words if text)}")
