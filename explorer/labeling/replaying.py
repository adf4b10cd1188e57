"""A session rebuilt by walking its log press by press: slow and plain, to hold the store's state against."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from explorer.labeling.records import Event
from explorer.labeling.schema import ACTIONS, Kind
from explorer.labeling.state import State


@dataclass
class Rebuilt:
    """What a walk over the log came to so far.

    Args:
        presses: the events of each press by its first one.
        stands: the first events of the presses that stand, in the order in which they count.
        fates: where a label of each class goes, None for a class that was deleted.
        seq: the last event.
    """

    presses: dict[int, list[Event]] = field(default_factory=dict)
    stands: dict[int, None] = field(default_factory=dict)
    fates: dict[int, int | None] = field(default_factory=dict)
    seq: int = 0

    def take(self, event: Event) -> None:
        """Go on by one event."""
        self.seq = event.seq
        if event.kind in ACTIONS:
            first = event.target or event.seq
            self.presses.setdefault(first, []).append(event)
            self.stands[first] = None
        elif event.kind in (Kind.UNDO, Kind.REDO):
            self.stands.pop(event.target or 0, None)
            if event.kind == Kind.REDO:
                self.stands[event.target or 0] = None  # counts from now on, behind all others
        elif event.kind == Kind.CLASS_ADDED:
            self.fates[len(self.fates)] = len(self.fates)
        elif event.kind in (Kind.CLASS_MERGED, Kind.CLASS_DELETED):
            self.fates = {one: event.target if goes == event.class_number else goes for one, goes in self.fates.items()}

    def opinions(self) -> dict[int, dict[str, int]]:
        """The class that each annotator gives each item, the latest last."""
        found: dict[int, dict[str, int]] = {}
        for event in self._standing(Kind.LABEL):
            said = found.setdefault(event.item or 0, {})
            said.pop(event.who, None)
            said[event.who] = event.class_number or 0
        alive = {
            item: {who: goes for who, number in said.items() if (goes := self.fates[number]) is not None}
            for item, said in found.items()
        }
        return {item: said for item, said in alive.items() if said}

    def settled(self) -> dict[int, tuple[str, int]]:
        """Who settled which item, and as what: all who labelled it since say so too."""
        found: dict[int, Event] = {}
        since: dict[int, dict[str, int | None]] = {}
        for event in self._standing(Kind.LABEL):
            item, number = event.item or 0, event.class_number or 0
            if event.settles:
                found[item], since[item] = event, {}
            if item in found:
                since[item][event.who] = self.fates[number]
        holds = {}
        for item, event in found.items():
            goes = self.fates[event.class_number or 0]
            if goes is not None and {one for one in since[item].values() if one is not None} == {goes}:
                holds[item] = (event.who, goes)
        return holds

    def conflicts(self) -> set[int]:
        """Ids of the items on which annotators differ and nobody settled it."""
        return {item for item, said in self.opinions().items() if len(set(said.values())) > 1} - {*self.settled()}

    def flagged(self) -> set[int]:
        """Ids of the items whose newest flag was not taken back."""
        found: dict[int, Kind] = {}
        for event in self._standing(Kind.FLAG, Kind.UNFLAG):
            found[event.item or 0] = event.kind
        return {item for item, kind in found.items() if kind == Kind.FLAG}

    def skipped(self) -> set[tuple[int, str]]:
        """Who skipped which item."""
        return {(event.item or 0, event.who) for event in self._standing(Kind.SKIP)}

    def _standing(self, *kinds: Kind) -> Iterable[Event]:
        return (event for first in self.stands for event in self.presses[first] if event.kind in kinds)


def differences(rebuilt: Rebuilt, state: State, names: dict[int, str]) -> list[str]:
    """In what a state is not what the walk came to; empty where they are equal.

    Args:
        rebuilt: of the whole log.
        state: as the store derives it.
        names: of the annotators by number.
    """
    held, classes = state.held()
    said: dict[int, dict[str, int]] = {}
    for item, who, number in zip(held.items.tolist(), held.annotators.tolist(), classes.tolist(), strict=True):
        said.setdefault(item, {})[names[who]] = number
    skips = zip(state.skips.items.tolist(), state.skips.annotators.tolist(), strict=True)
    walked, settled = rebuilt.opinions(), state.settled()
    settlers = [names[who] for who in settled.annotators.tolist()]
    pairs = {
        "the length of the log": (rebuilt.seq, state.seq),
        "opinions": (
            {item: [*one.items()] for item, one in walked.items()},
            {i: [*o.items()] for i, o in said.items()},
        ),
        "settlements": (
            rebuilt.settled(),
            dict(zip(settled.ids.tolist(), zip(settlers, settled.classes.tolist(), strict=True), strict=True)),
        ),
        "flags": (rebuilt.flagged(), set(state.flagged().tolist())),
        "skips": (rebuilt.skipped(), {(item, names[who]) for item, who in skips}),
    }
    return [what for what, (ours, theirs) in pairs.items() if ours != theirs]
