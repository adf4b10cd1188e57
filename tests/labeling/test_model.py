"""Whatever is pressed in whatever order, the store says what a slow and obvious model says."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from explorer.labeling.history import walk
from explorer.labeling.records import Press
from explorer.labeling.replaying import Rebuilt, differences
from explorer.labeling.schema import ACTIONS, SETTLES, Kind
from tests.labeling.databases import CLASSES, PLAN, opened

PEOPLE = st.sampled_from(["ann", "bob", "cem"])
ITEMS = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple)
NUMBERS = st.integers(0, len(CLASSES) - 1)


@dataclass
class Model:
    """Every press that stands, as a list; undo removes from it, redo appends."""

    stands: list[tuple[str, Press]] = field(default_factory=list)
    undone: dict[str, list[Press]] = field(default_factory=lambda: {"ann": [], "bob": [], "cem": []})
    fate: dict[int, int | None] = field(default_factory=lambda: {number: number for number in range(len(CLASSES))})

    def press(self, who: str, press: Press) -> bool:
        """Whether it can be; if so, it is done."""
        if press.kind in (Kind.UNDO, Kind.REDO):
            return self.turn_back(who, press.kind)
        if press.kind in ACTIONS:
            if press.kind == Kind.LABEL and self.fate[press.class_number] is None:
                return False
            self.stands.append((who, press))
            self.undone[who] = []
            return True
        return self.end_class(press)

    def turn_back(self, who: str, kind: Kind) -> bool:
        own = [at for at, (one, _) in enumerate(self.stands) if one == who]
        if kind == Kind.UNDO and own:
            self.undone[who].append(self.stands.pop(own[-1])[1])
            return True
        if kind == Kind.REDO and self.undone[who]:
            self.stands.append((who, self.undone[who].pop()))
            return True
        return False

    def end_class(self, press: Press) -> bool:
        number, into = press.class_number, press.into
        if self.fate[number] != number or (into is not None and (self.fate[into] != into or into == number)):
            return False
        self.fate = {one: into if goes == number else goes for one, goes in self.fate.items()}
        return True

    def opinions(self, item: int) -> list[tuple[str, int]]:
        said: dict[str, int | None] = {}
        for who, press in self.stands:
            if press.kind == Kind.LABEL and item in press.items:
                said.pop(who, None)
                said[who] = self.fate[press.class_number]
        return [(who, number) for who, number in said.items() if number is not None]

    def settlement(self, item: int) -> tuple[str, int] | None:
        """Who settled it as what, if nobody whose opinion counts said anything else of it since."""
        about = [(who, one) for who, one in self.stands if one.kind == Kind.LABEL and item in one.items]
        places = [at for at, (_, press) in enumerate(about) if press.text == SETTLES]
        if not places:
            return None
        who, settling = about[places[-1]]
        number = self.fate[settling.class_number]
        later = {one: self.fate[press.class_number] for one, press in about[places[-1] :]}
        said = set(later.values()) - {None}
        return (who, number) if number is not None and said == {number} else None

    def newest(self, item: int, *kinds: Kind) -> list[tuple[str, Kind]]:
        return [(who, press.kind) for who, press in self.stands if press.kind in kinds and item in press.items]


class Labeling(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = opened(Path(self.folder.name))
        self.session = self.store.create(PLAN, "ann", CLASSES)
        self.model = Model()
        self.keys: list[tuple[str, Press]] = []

    def send(self, who: str, kind: Kind, **said: object) -> None:
        press = Press(kind, f"k{len(self.keys)}", **said)  # type: ignore[arg-type]
        (answer,) = self.store.record(self.session, who, [press])
        assert (answer.refusal == "") == self.model.press(who, press)
        if not answer.refusal:
            self.keys.append((who, press))

    @rule(who=PEOPLE, items=ITEMS, number=NUMBERS)
    def label(self, who, items, number):
        self.send(who, Kind.LABEL, items=items, class_number=number)

    @rule(who=PEOPLE, item=st.integers(0, 4), number=NUMBERS)
    def settle(self, who, item, number):
        self.send(who, Kind.LABEL, items=(item,), class_number=number, text=SETTLES)

    @rule(who=PEOPLE, items=ITEMS, kind=st.sampled_from([Kind.SKIP, Kind.FLAG, Kind.UNFLAG]))
    def mark(self, who, items, kind):
        self.send(who, kind, items=items)

    @rule(who=PEOPLE)
    def undo(self, who):
        self.send(who, Kind.UNDO)

    @rule(who=PEOPLE)
    def redo(self, who):
        self.send(who, Kind.REDO)

    @rule(who=PEOPLE, other=PEOPLE, items=ITEMS, number=NUMBERS)
    def label_between_undo_and_redo(self, who, other, items, number):
        self.send(who, Kind.UNDO)
        self.send(other, Kind.LABEL, items=items, class_number=number)
        self.send(who, Kind.REDO)

    @rule(who=PEOPLE, number=NUMBERS, into=st.none() | NUMBERS)
    def end_class(self, who, number, into):
        self.send(who, Kind.CLASS_DELETED if into is None else Kind.CLASS_MERGED, class_number=number, into=into)

    @rule(data=st.data())
    def send_again(self, data):
        if self.keys:
            who, press = data.draw(st.sampled_from(self.keys))
            (answer,) = self.store.record(self.session, who, [press])
            assert answer.again

    @invariant()
    def says_what_the_model_says(self):
        state, names = self.store.state(self.session), self.store.annotators()
        labels = state.labels()
        found = zip(labels.ids.tolist(), labels.annotators.tolist(), labels.classes.tolist(), strict=True)
        opinions = {item: self.model.opinions(item) for item in range(5)}
        assert {item: (names[who], number) for item, who, number in found} == {
            item: said[-1] for item, said in opinions.items() if said
        }
        assert {one.item: [(names[who], number) for who, number in one.opinions] for one in state.conflicts()} == {
            item: said
            for item, said in opinions.items()
            if len({number for _, number in said}) > 1 and self.model.settlement(item) is None
        }
        settled = state.settled()
        by = zip(settled.ids.tolist(), settled.annotators.tolist(), settled.classes.tolist(), strict=True)
        expected = {item: said for item in range(5) if (said := self.model.settlement(item)) is not None}
        assert {item: (names[who], number) for item, who, number in by} == expected
        assert all(opinions[item][-1][1] == number for item, (_, number) in expected.items()), "what is settled counts"
        assert state.in_conflict().tolist() == [one.item for one in state.conflicts()]
        assert state.skipped().tolist() == [item for item in range(5) if self.model.newest(item, Kind.SKIP)]
        flags = [self.model.newest(item, Kind.FLAG, Kind.UNFLAG) for item in range(5)]
        assert state.flagged().tolist() == [
            item for item in range(5) if flags[item] and flags[item][-1][1] == Kind.FLAG
        ]

    def teardown(self):
        rebuilt = Rebuilt()
        with self.store.database.reading() as connection:
            for event in walk(connection, self.session.id):
                rebuilt.take(event)
        assert differences(rebuilt, self.store.state(self.session), self.store.annotators()) == []
        self.store.close()
        self.folder.cleanup()


TestLabeling = Labeling.TestCase
TestLabeling.settings = settings(max_examples=30, stateful_step_count=25, print_blob=False)
