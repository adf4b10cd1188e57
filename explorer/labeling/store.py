"""The store of labels: sessions whose every press is on the disk before it is acknowledged."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Lock

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import Connection

from explorer.errors import BadValueError
from explorer.labeling import history, leases, recording, sessions
from explorer.labeling.engine import PATIENCE, Database, database_of
from explorer.labeling.log import Log, cut, empty_log, grown
from explorer.labeling.migrating import migrate
from explorer.labeling.records import LONGEST_KEY, Answer, Event, Plan, Press, Session, microseconds, person
from explorer.labeling.schema import Kind
from explorer.labeling.state import State, advance, derive, first_free, start
from explorer.settings import Settings

MOST_PRESSES = 10_000  # of one call
LONGEST_LEASE = 24 * 3600.0  # seconds

Clock = Callable[[], datetime]


def open_store(settings: Settings, *, patience: float = PATIENCE) -> "LabelStore":
    """Open the database of labels, and bring it to the tables of this version.

    Args:
        settings: which name the database.
        patience: seconds that a write waits for others before it is refused.

    Raises:
        StoreError: a database that cannot be opened, or of a later version.
    """
    database = database_of(settings, patience)
    migrate(database)
    return LabelStore(database)


class LabelStore:
    """One database of labels, for all threads of a process; other processes may write beside it.

    Args:
        database: with the tables of this version.
        clock: the time now, UTC.
    """

    def __init__(self, database: Database, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.database = database
        self._clock = clock
        self._known: dict[int, tuple[Log, State]] = {}
        self._refits: dict[int, tuple[Event, ...]] = {}
        self._newest: dict[int, tuple[int, str]] = {}
        self._knowing = Lock()

    def close(self) -> None:
        """Let go of the database."""
        self.database.engine.dispose()

    def reload(self) -> None:
        """Forget what was read of the log: the database was replaced."""
        with self._knowing:
            self._known.clear()
            self._refits.clear()
            self._newest.clear()

    def create(self, plan: Plan, who: str, classes: Sequence[str] = ()) -> Session:
        """Make a session.

        Args:
            plan: what it is made with.
            who: makes it, and adds the classes.
            classes: names, all different.

        Raises:
            BadValueError: a name that is taken, or that cannot be.
            StoreError: the database cannot be written.
        """
        with self.database.writing() as connection:
            return sessions.create(connection, plan, person(who), classes, self.now())

    def sessions(self) -> list[Session]:
        """All sessions, the newest first."""
        with self.database.reading() as connection:
            return sessions.every(connection)

    def session(self, name: str) -> Session:
        """The session of this name.

        Raises:
            BadValueError: there is none.
        """
        with self.database.reading() as connection:
            found = sessions.find(connection, name)
        if found is None:
            raise BadValueError(f"There is no labeling session called {name[:40]!r}. See the list of sessions.")
        return found

    def record(self, session: Session, who: str, presses: Sequence[Press], *, run: str = "") -> list[Answer]:
        """Write what somebody did; it is on the disk before this returns.

        All of one call is written in one transaction: an error leaves nothing of it. It is safe to send the same
        presses again, after an error or when no answer came: each counts once. A press that cannot be (a class that
        was deleted, nothing to undo) is refused in its own answer, and the others are written.

        Args:
            session: which.
            who: the annotator. Undo and redo are of this person's own presses, in whichever tab they were made.
            presses: in their order.
            run: in use; empty for that of the newest refit, or the session's own.

        Returns:
            An answer to each press.

        Raises:
            BadValueError: no such session, no name, or too many presses.
            StoreError: the database is full, read-only, locked or away; nothing was written.
        """
        if len(presses) > MOST_PRESSES:
            raise BadValueError(f"{len(presses):,} presses at once; send at most {MOST_PRESSES:,} at a time.")
        name = person(who)
        with self.database.writing() as connection:
            run = run or self.run_at(connection, session)
            return recording.record(connection, session.id, name, presses, run=run, at=self.now())

    def refit(
        self, session: Session, who: str, key: str, *, run: str = "", note: str = "", after: int | None = None
    ) -> tuple[int, State]:
        """Write that the classifier is fitted anew; what it learns from is the log before that event.

        Args:
            session: which.
            who: whose press it came of.
            key: as of a `Press`.
            run: whose latents are in use from now on; empty for that of the newest refit, or the session's own.
            note: a text to keep.
            after: seq of the refit that must be the newest one still, 0 for none; None for whichever it is.

        Returns:
            The event's seq, and the state before it; those of the newest refit where that is another one than `after`,
            and nothing was written.

        Raises:
            BadValueError: no such session, one that is archived, or no name.
            StoreError: as `record`.
        """
        press, name = Press(Kind.REFIT, key, text=note), person(who)
        with self.database.writing() as connection:
            newest, used = self._newest_refit(connection, session)
            if after not in (None, newest):
                return newest, self.state_before(session, newest)
            state = self.state_at(connection, session)
            answer = recording.record(connection, session.id, name, [press], run=run or used, at=self.now())[0]
        if answer.seq is None:
            raise BadValueError(answer.refusal)
        return (answer.seq, state) if not answer.again else (answer.seq, self.state_before(session, answer.seq))

    def refits(self, session: Session) -> tuple[Event, ...]:
        """Every refit of a session, in order; only those that came since the last call are read."""
        with self.database.reading() as connection:
            log, known = self._read(connection, session)[0], self._refits.get(session.id, ())
            after = known[-1].seq if known else 0
            new = (np.flatnonzero(log.kinds[after:] == Kind.REFIT) + after + 1).tolist()
            if new:
                self._refits[session.id] = known = (*known, *history.at(connection, session.id, new))
            return known

    def events(self, session: Session, seqs: Sequence[int]) -> list[Event]:
        """The events at these places of a session's log, in order."""
        with self.database.reading() as connection:
            return history.at(connection, session.id, seqs)

    def state_before(self, session: Session, seq: int) -> State:
        """What the log came to before an event.

        Args:
            session: which.
            seq: of the event, 1 to one behind the last.
        """
        with self.database.reading() as connection:
            log, state = self._read(connection, session)
            return state if state.seq == seq - 1 else derive(cut(log, connection, session.id, seq))

    def state(self, session: Session) -> State:
        """What the log comes to now: labels, conflicts, counts, classes, skips and flags.

        The first call reads the whole log; later ones what was added since, by this process or another.
        """
        with self.database.reading() as connection:
            return self.state_at(connection, session)

    def newest_labels(self, session: Session) -> list[tuple[int, int]]:
        """Annotator's number and time, microseconds since 1970, of the newest presses of labels; a lasso is one."""
        with self.database.reading() as connection:
            return history.newest_labels(connection, session.id)

    def annotators(self) -> dict[int, str]:
        """Every annotator's name by number."""
        with self.database.reading() as connection:
            return history.names(connection)

    def history(self, session: Session, item: int) -> list[Event]:
        """All that was ever said of an item, in order."""
        with self.database.reading() as connection:
            return history.of_item(connection, session.id, item)

    def lease(
        self, session: Session, who: str, items: ArrayLike, n: int, seconds: float, *, tab: str = ""
    ) -> NDArray[np.int64]:
        """Take the next items to ask this person about, so that nobody else is asked about them meanwhile.

        What this tab held before is given back. A lease is no lock: who labels an item without one is not refused.

        Args:
            session: which.
            who: the annotator.
            items: ids, the best first.
            n: how many to hold at most.
            seconds: until the lease runs out by itself.
            tab: two tabs of one annotator are asked about different items.

        Returns:
            The first n of `items` that are neither labelled, nor skipped by this person, nor held by others.

        Raises:
            BadValueError: a number or time out of range.
            StoreError: as `record`.
        """
        if n < 0 or not 0 < seconds <= LONGEST_LEASE or len(tab) > LONGEST_KEY:
            raise BadValueError(
                f"A lease holds 0 or more items for up to {LONGEST_LEASE:.0f} seconds; got {n}, {seconds}."
            )
        now, name = self.now(), person(who)
        with self.database.writing() as connection:
            recording.hold(connection, session.id)
            annotator = recording.annotator(connection, name)
            leases.release(connection, session.id, annotator, tab)
            free = self._first(connection, session, annotator, tab, np.asarray(items, np.int64), n)
            leases.take(connection, session.id, annotator, tab, free.tolist(), now + int(1e6 * seconds))
        return free

    def candidates(self, session: Session, who: str, items: ArrayLike, *, tab: str = "") -> NDArray[np.int64]:
        """Those of `items`, in their order, that `lease` could give this person now."""
        name = person(who)
        with self.database.reading() as connection:
            known = {name: number for number, name in history.names(connection).items()}
            ids = np.asarray(items, np.int64)
            return self._first(connection, session, known.get(name, -1), tab, ids, len(ids))

    def release(self, session: Session, who: str, *, tab: str = "") -> None:
        """Give back all that this person's tab holds."""
        name = person(who)
        with self.database.writing() as connection:
            leases.release(connection, session.id, recording.annotator(connection, name), tab)

    def now(self) -> int:
        """The time, in microseconds since 1970."""
        return microseconds(self._clock())

    def state_at(self, connection: Connection, session: Session) -> State:
        """`state` within a transaction that reads or writes."""
        return self._read(connection, session)[1]

    def run_at(self, connection: Connection, session: Session) -> str:
        """The run in use, within a transaction that writes; nobody else writes into the session until it ends."""
        return self._newest_refit(connection, session)[1]

    def _newest_refit(self, connection: Connection, session: Session) -> tuple[int, str]:
        """Seq and run of the newest refit, or 0 and the session's own run; only what came since is looked through."""
        recording.hold(connection, session.id)
        known = self._newest.get(session.id, (0, session.plan.run))
        found = history.newest_refit(connection, session.id, known[0])
        if found is None:
            return known
        self._newest[session.id] = found
        return found

    def _read(self, connection: Connection, session: Session) -> tuple[Log, State]:
        """The log as it is now, and what it comes to."""
        with self._knowing:
            log, state = self._known.get(session.id) or (empty_log(), start())
            longer = grown(log, connection, session.id)
            if longer is not log:
                state = advance(state, longer)
                self._known[session.id] = (longer, state)
            return longer, state

    def _first(
        self, connection: Connection, session: Session, annotator: int, tab: str, items: NDArray[np.int64], n: int
    ) -> NDArray[np.int64]:
        """The first n of `items` that `lease` could give."""
        state = self.state_at(connection, session)
        others = np.array(sorted(leases.held(connection, session.id, annotator, tab, self.now())), np.int64)
        return first_free(items, n, (state.labels().ids, state.skipped(annotator), others))
