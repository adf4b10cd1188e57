"""`latent-explorer label`: list the conflicts of a session, and settle one."""

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import Positional, arg

from explorer.cli.labeling_arguments import Class, Session, Who, store
from explorer.cli.terminal import count

Item = Annotated[Positional[int], arg(metavar="ITEM", help_behavior_hint="")]


@dataclass(frozen=True)
class Conflicts:
    """List the items on which annotators differ: first the open conflicts, then those that were settled.

    For example:
      latent-explorer label conflicts first

    Args:
        session: its name.
    """

    session: Session

    def __call__(self) -> None:
        """Print them."""
        from explorer.workflows.label_settling import named

        labels = store()
        session = labels.session(self.session)
        state, names = labels.state(session), labels.annotators()
        done, classes = state.settled(), state.classes.names
        conflicts = state.conflicts()
        print(f"{count(len(conflicts), 'conflict')}, {len(done.ids):,} settled")
        for one in conflicts:
            said = ", ".join(f"{names[who]} says {classes[number]}" for who, number in one.opinions)
            print(f"  item {one.item}: {said}")
        for end in named(labels, session, done, range(len(done.ids))):
            print(f"  item {end.item}: settled as {classes[end.number]} by {end.who}, {end.at:%Y-%m-%d %H:%M} UTC")


@dataclass(frozen=True)
class Settle:
    """Settle the conflict on an item: the class counts from then on, until somebody says otherwise again.

    For example:
      latent-explorer label settle first 4711 boots --annotator Ann

    Args:
        session: its name.
        item: its id.
        name: of the class that counts.
        annotator: who decides.
    """

    session: Session
    item: Item
    name: Class
    annotator: Who

    def __call__(self) -> None:
        """Record it."""
        from explorer.workflows.label_classes import class_number
        from explorer.workflows.label_settling import settle, settlement

        labels = store()
        session = labels.session(self.session)
        number = class_number(labels.state(session), self.name)
        settle(labels, session, self.annotator, settlement(self.item, number))
        print(f"Item {self.item} counts as {self.name}. What was said before stays in the history.")
