"""Which labeling sessions would miss a run, told before it is deleted or erased."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from explorer.errors import StoreError
from explorer.settings import Settings, load_settings
from explorer.workflows.runs import run_roots
from explorer.zoo.store import run_folders

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from explorer.labeling.uses import Use

Found = TypeVar("Found")
NAMED = 3  # sessions that are named; the others are counted


def told_of_uses(run: str, settings: Settings | None = None) -> str:
    """Which labeling sessions need a run, and what becomes of them without it, in sentences.

    Args:
        run: its name.
        settings: of the installation.

    Returns:
        Empty where none needs it, and where that cannot be known: no database of labels, or one that is away.
    """
    from explorer.labeling.uses import uses  # imports SQLAlchemy, which no shelf waits for

    return _in_words(_asked(lambda connection: uses(connection, run), settings) or [])


def told_of_erased(runs: Sequence[str], settings: Settings | None = None) -> str:
    """Which deleted runs labeling sessions need, before or after they are erased for good, in a sentence.

    Args:
        runs: their names; where another run has the name by now, the sessions take that one.
        settings: of the installation.

    Returns:
        Empty as of `told_of_uses`.
    """
    from explorer.labeling.uses import needed_runs

    settings = settings or load_settings()
    there = run_folders(run_roots(settings))
    gone = [name for name in dict.fromkeys(runs) if name not in there]
    if len(gone) == 1:
        return told_of_uses(gone[0], settings)
    needed = (_asked(needed_runs, settings) if gone else None) or set()
    names = [name for name in gone if name in needed]
    if not names:
        return ""
    return (
        f"Labeling sessions began with {_listed(names)} or need {'it' if len(names) == 1 else 'them'} to be replayed."
    )


def _asked(ask: "Callable[[Connection], Found]", settings: Settings | None) -> Found | None:
    """An answer of the database of labels; None where there is none, or it is away."""
    from explorer.labeling.uses import existing_database

    try:
        database = existing_database(settings or load_settings())
        if database is None:
            return None
        try:
            with database.reading() as connection:
                return ask(connection)
        finally:
            database.engine.dispose()
    except StoreError:
        return None


def _in_words(found: "Sequence[Use]") -> str:
    began, labels, past = ([one for one in found if one.how == how] for how in ("began", "labels", "past"))
    said = [f"{_named(began)} began with this run and cannot be opened without it."] if began else []
    said += [
        f"{_named([one])} labels with this run; it would go on with its first run, {one.first}."
        for one in labels[:NAMED]
    ]
    said += [f"{_named(past)} need{'s' * (len(past) == 1)} this run to be replayed."] if past else []
    return " ".join(said)


def _named(found: "Sequence[Use]") -> str:
    """The sessions: the first ones by name, the others counted."""
    return f"The session{'s' * (len(found) > 1)} {_listed([one.session for one in found])}"


def _listed(names: Sequence[str]) -> str:
    """The first names, the others counted: a, b, c and 2 more."""
    shown = [*names[:NAMED], f"{len(names) - NAMED} more"] if len(names) > NAMED else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
