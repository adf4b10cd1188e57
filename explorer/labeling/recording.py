"""Write presses into a session's log, each once."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, insert, select

from explorer.errors import BadValueError
from explorer.labeling import history
from explorer.labeling.classes import Classes, read_classes
from explorer.labeling.records import Answer, Press
from explorer.labeling.schema import ACTIONS, Kind, annotators, events, sessions

CHUNK = 500  # rows or keys asked for at once
ARCHIVED = "This session is archived, so nothing was recorded. Bring it back first."

_Said = tuple[int, int | None, int | None]  # kind, first item and class of a press


def record(
    connection: Connection, session: int, who: str, presses: Sequence[Press], *, run: str, at: int
) -> list[Answer]:
    """Write what is new of these presses, in their order, within the transaction of `connection`.

    What is refused (see `Answer.refusal`) leaves the others untouched.

    Args:
        connection: of a transaction that writes.
        session: its number.
        who: the annotator's name, as `records.person` gives it.
        presses: as they came.
        run: in use.
        at: microseconds since 1970.

    Returns:
        An answer to each press.

    Raises:
        BadValueError: no such session.
    """
    hold(connection, session)
    recorder = _Recorder(connection, session, annotator(connection, who), run, at)
    recorder.remember([press.key for press in presses])
    return [recorder.answer(press) for press in presses]


def hold(connection: Connection, session: int) -> None:
    """Let no other transaction write into this session until this one ends.

    So the log's order is the order in which transactions ended, and who has read up to an event misses none before it.
    """
    asked = select(sessions.c.id).where(sessions.c.id == session).with_for_update()
    if connection.execute(asked).first() is None:
        raise BadValueError(f"There is no labeling session of number {session}. See the list of sessions.")


def annotator(connection: Connection, who: str) -> int:
    """The annotator's number; a new one where the name is new."""
    asked = select(annotators.c.id).where(annotators.c.name == who)
    if (found := connection.execute(asked).scalar()) is not None:
        return int(found)
    if connection.dialect.name == "postgresql":  # two sessions may meet the same new name at once
        from sqlalchemy.dialects.postgresql import insert as insert_or_leave

        connection.execute(insert_or_leave(annotators).values(name=who).on_conflict_do_nothing())
    else:
        connection.execute(insert(annotators).values(name=who))
    return int(connection.execute(asked).scalar_one())


class _Recorder:
    """One transaction's writing into one session by one annotator."""

    def __init__(self, connection: Connection, session: int, annotator: int, run: str, at: int) -> None:
        self._connection = connection
        self._session = session
        self._same = {"session": session, "annotator": annotator, "run": run, "at": at}
        self._mine = (events.c.session == session, events.c.annotator == annotator)
        newest = history.newest(connection, session)
        self._seq = 0 if newest is None else newest.seq
        self._newest = None if newest is None else newest.kind
        self._known: Classes | None = None
        self._before: dict[str, tuple[int, _Said]] = {}

    @property
    def _classes(self) -> Classes:
        if self._known is None:
            self._known = read_classes(self._connection, self._session)
        return self._known

    def remember(self, keys: Sequence[str]) -> None:
        """Look which of the keys the log has already."""
        c = events.c
        for at in range(0, len(keys), CHUNK):
            asked = select(c.key, c.seq, c.kind, c.item, c["class"]).where(
                *self._mine, c.key.in_(keys[at : at + CHUNK])
            )
            self._before |= {row[0]: (row[1], (row[2], row[3], row[4])) for row in self._connection.execute(asked)}

    def answer(self, press: Press) -> Answer:
        """Write one press, unless it was written before or cannot be."""
        said: _Said = (press.kind, press.items[0] if press.items else None, press.class_number)
        if press.key in self._before:
            seq, earlier = self._before[press.key]
            if earlier != said:
                return Answer(
                    press.key, None, "This key was used for another press before. Reload the page, press again."
                )
            return Answer(press.key, seq, again=True)
        # Nothing gets into an archived session but what brings it back: so its last event tells that it is one.
        if self._newest == Kind.ARCHIVED and press.kind != Kind.BROUGHT_BACK:
            return Answer(press.key, None, ARCHIVED, can_wait=True)
        try:
            first = self._write(press)
        except BadValueError as refused:
            return Answer(press.key, None, str(refused))
        self._before[press.key] = (first, said)
        return Answer(press.key, first)

    def _write(self, press: Press) -> int:
        if press.kind == Kind.BROUGHT_BACK and self._newest != Kind.ARCHIVED:
            raise BadValueError("This session is not archived, so there is nothing to bring back.")
        if press.kind == Kind.LABEL:
            self._classes.chosen(press.class_number)
        if press.kind in ACTIONS:
            return self._add_items(press)
        if press.kind in (Kind.UNDO, Kind.REDO):
            target = self._to_undo() if press.kind == Kind.UNDO else self._to_redo()
            return self._add(press, [{"target": target}])
        if press.kind in (Kind.REFIT, Kind.ARCHIVED, Kind.BROUGHT_BACK):
            return self._add(press, [{"text": press.text}])
        text = self._classes.check(press.kind, press.class_number, press.into, press.text)
        self._known = self._classes.after(press.kind, press.class_number, press.into, text)
        return self._add(press, [{"text": text or None, "target": press.into}])

    def _add_items(self, press: Press) -> int:
        first = self._seq + 1
        items = dict.fromkeys(press.items)
        same = {"text": press.text or None}
        return self._add(press, [same | {"item": item, "target": first if n else None} for n, item in enumerate(items)])

    def _add(self, press: Press, rows: list[dict[str, object]]) -> int:
        """Write the rows of one press, which bears its key in the first; the number of that."""
        first = self._seq + 1
        blank = {"item": None, "target": None, "text": None, "key": None}
        same = self._same | {"kind": int(press.kind), "class": press.class_number}
        written = [blank | same | row | {"seq": first + n} for n, row in enumerate(rows)]
        written[0]["key"] = press.key
        self._connection.execute(insert(events), written)
        self._seq, self._newest = self._seq + len(rows), press.kind
        return first

    def _backwards(self) -> Iterator[tuple[int, int, int | None]]:
        """Own actions, undos and redos as (seq, kind, target), the newest first; further items left out."""
        c, before = events.c, self._seq + 1
        kinds = [*map(int, ACTIONS), int(Kind.UNDO), int(Kind.REDO)]
        firsts = (c.kind > ACTIONS[-1]) | c.target.is_(None)
        asked = select(c.seq, c.kind, c.target).where(*self._mine, c.kind.in_(kinds), firsts)
        while rows := self._connection.execute(asked.where(c.seq < before).order_by(c.seq.desc()).limit(CHUNK)).all():
            yield from ((row[0], row[1], row[2]) for row in rows)
            before = rows[-1][0]

    def _to_undo(self) -> int:
        """The newest own press that stands: each undo on the way back takes one away, each redo brings one back."""
        undone = 0
        for seq, kind, _ in self._backwards():
            if kind in ACTIONS and not undone:
                return seq
            undone += 1 if kind == Kind.UNDO else -1
        raise BadValueError("You have nothing to undo in this session; what others did stays.")

    def _to_redo(self) -> int:
        """The press that the newest own undo took back, unless it was redone or something was pressed since."""
        redone = 0
        for _, kind, target in self._backwards():
            if kind in ACTIONS:
                break
            if kind == Kind.UNDO and not redone:
                return target or 0
            redone += 1 if kind == Kind.REDO else -1
        raise BadValueError(
            "There is nothing to redo: something was pressed after the last undo, or nothing was undone."
        )
