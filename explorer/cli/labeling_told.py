"""What `latent-explorer label` says of sessions and of what would change in them."""

from typing import TYPE_CHECKING

import numpy as np

from explorer.cli.terminal import count
from explorer.errors import StoreError
from explorer.labeling.archive import archived, standings
from explorer.labeling.importing import Changes
from explorer.labeling.records import Session
from explorer.labeling.state import State
from explorer.labeling.store import LabelStore

if TYPE_CHECKING:
    from explorer.workflows.desk import Desk

SHOWN = 5  # of a list


def sessions(store: LabelStore) -> None:
    """A line a session."""
    there, standing = store.sessions(), standings(store)
    for one in there:
        plan, state = one.plan, store.state(one)
        said = f"{len(state.labels().ids):,} of them labelled" if len(state.labels().ids) else "none labelled"
        said += ", archived" * standing[one.id].is_archived
        print(f"{plan.name:32} {one.created:%Y-%m-%d %H:%M}  {plan.run} on {plan.dataset}, {said}")
    if not there:
        print("There is no session yet. Make one: latent-explorer label start RUN --name NAME --annotator WHO")


def started(session: Session, port: int) -> None:
    """That there is a session, and how to come to it."""
    from explorer.cli.dashboard import label_path
    from explorer.ui import server

    path = label_path(session.plan.name)
    print(f"The session {session.plan.name} is made. Its link is {path}, below the address of the dashboard.")
    if server.answers(port):
        print(f"If the server on port {port} is yours: http://{server.HOST}:{port}/{path}")
    else:
        print(f"No dashboard runs on port {port}. Open it: latent-explorer label open {session.plan.name}")


def session(store: LabelStore, one: Session) -> None:
    """What a session came to."""
    plan, state, names = one.plan, store.state(one), store.annotators()
    print(f"{plan.name}: {plan.run} on {plan.dataset}, made {one.created:%Y-%m-%d %H:%M} UTC")
    print(
        f"picks by {plan.strategy}, {plan.batch_size} at a time; fitted every {count(plan.refit_every, 'label')}; "
        f"{plan.held_out:.0%} held out; seed {plan.seed}"
    )
    print(f"{count(len(state.labels().ids), 'item')} labelled, {count(state.seq, 'event')} in the log")
    if (event := archived(store, one)) is not None:
        print(f"archived by {event.who}, {event.at:%Y-%m-%d %H:%M} UTC")
    _classes(state)
    _annotators(state, names)
    _conflicts(state, names)
    for what, ids in (("flagged", state.flagged()), ("skipped", state.skipped())):
        print(f"{count(len(ids), 'item')} {what}{_listed(ids.tolist())}")
    rounds = store.refits(one)
    print(count(len(rounds), "round") + f", the last {SHOWN}:" * (len(rounds) > SHOWN))
    for event in rounds[-SHOWN:]:
        print(f"  {event.at:%Y-%m-%d %H:%M}  at event {event.seq:,} on {event.run}  {event.text}".rstrip())


def replayed(desk: "Desk", shown: int) -> None:
    """Every round rebuilt from the log, and the state at its end.

    Raises:
        StoreError: the store's state is another one than the log gives.
    """
    from explorer.workflows.label_replay import rebuilt, rounds

    for one in rounds(desk):
        print(f"Round {one.number}, event {one.refit.seq:,}, run {one.refit.run} {one.refit.text}".rstrip())
        if one.problem:
            print(f"  cannot be rebuilt: {one.problem}")
            continue
        more = len(one.picks) - shown
        print(f"  {count(one.n_labels, 'label')} known, {count(len(one.picks), 'pick')}")
        if shown:
            print("  " + " ".join(map(str, one.picks[:shown].tolist())) + f" and {more:,} more" * (more > 0))
        if one.n_after:
            print(f"  then {count(one.n_after, 'label')}, {one.n_picked:,} of them of its picks")
    found, wrong = rebuilt(desk)
    if wrong:
        raise StoreError(
            f"The log gives other {', '.join(wrong)} than the store derives from it. Start again; if it stays so, "
            "restore a backup."
        )
    said = found.opinions()
    print(
        f"At event {found.seq:,}: {count(len(said), 'item')} labelled, {count(len(found.conflicts()), 'conflict')}, "
        f"{len(found.settled()):,} settled, "
        f"{len(found.flagged()):,} flagged, {count(len(found.skipped()), 'skip')}."
    )
    print("The log gives the same state as the store.")


def piles(changes: Changes) -> None:
    """What an import would do, pile by pile, with the first labels of each."""
    from explorer.workflows.label_files import piles as told

    for pile in told(changes):
        print(f"{count(len(pile.rows), 'label')} {pile.title}: {pile.meaning}")
        for row in pile.rows[:SHOWN]:
            print(f"  {row.item} {row.name} ({row.who}{', settles' * row.settles})")
        if len(pile.rows) > SHOWN:
            print(f"  and {len(pile.rows) - SHOWN:,} more")
    if not told(changes):
        print("The file has no labels.")


def labels_of(store: LabelStore, name: str) -> int:
    """How many opinions hold in a session."""
    return len(store.state(store.session(name)).held()[1])


def _classes(state: State) -> None:
    counts = state.counts()
    width = max((len(name) for name in state.classes.living.values()), default=0)
    for number, name in state.classes.living.items():
        print(f"  {name:{width}} {counts[number]:>8,}")


def _annotators(state: State, names: dict[int, str]) -> None:
    who, numbers = np.unique(state.held()[0].annotators, return_counts=True)
    for annotator, n in zip(who.tolist(), numbers.tolist(), strict=True):
        print(f"{names[annotator]}: {count(n, 'label')}, {len(state.skipped(annotator)):,} skipped")


def _conflicts(state: State, names: dict[int, str]) -> None:
    items, n_settled = state.in_conflict(), len(state.settled().ids)
    print(count(len(items), "conflict") + f", {n_settled:,} settled" * bool(n_settled))
    for one in state.conflicts(items[:SHOWN]):
        said = ", ".join(f"{names[who]} says {state.classes.names[number]}" for who, number in one.opinions)
        print(f"  item {one.item}: {said}")
    if len(items) > SHOWN:
        print(f"  and {len(items) - SHOWN:,} more")


def _listed(ids: list[int]) -> str:
    if not ids:
        return ""
    more = f" and {len(ids) - SHOWN:,} more" if len(ids) > SHOWN else ""
    return f": {', '.join(map(str, ids[:SHOWN]))}{more}"
