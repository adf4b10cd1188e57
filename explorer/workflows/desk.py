"""The desk of a labeling session: it takes what annotators press, fits anew when that is due, and says what to ask."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from dataclasses import replace
from functools import partial
from secrets import token_hex
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from explorer.errors import ExplorerError, UnknownNameError
from explorer.labeling.records import Answer, Event, Press, Session
from explorer.labeling.rounds import Round, SessionItems, is_due, make_round
from explorer.labeling.schema import ACTIONS, Kind
from explorer.labeling.state import State
from explorer.labeling.store import LabelStore
from explorer.labeling.strategies import STRATEGIES
from explorer.settings import Settings
from explorer.workflows.picks_told import Pick, picks_told
from explorer.workflows.runs import load_dataset, open_run
from explorer.workflows.session_items import Tested, refuse_other_items, session_items, tested_items
from explorer.workflows.strangeness import strangeness
from explorer.zoo.run import Run

AHEAD = 40  # items that a tab holds beyond a batch: who presses fast must not run out of them
LEASE = 300.0  # seconds
TAB_KEPT = 24 * 3600.0  # seconds since a tab took items last
RUNS_KEPT = 3  # with their latents, beside the one that the session began with
AT_HAND = 6  # items on the screen, or so soon that the browser has their pictures
NOTHING_HELD = (-1, np.empty(0, np.int64), 0)


class Desk:
    """One session in this process, shared by all its annotators.

    Args:
        store: where the session is.
        session: which.
        settings: of the installation.
    """

    def __init__(self, store: LabelStore, session: Session, settings: Settings) -> None:
        self.store, self.session = store, session
        self._settings = settings
        self._runs: dict[str, tuple[Run, SessionItems]] = {}
        self._opening, self._turning = Lock(), Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="round")
        self._making: tuple[int, Future[Round]] | None = None
        self._round: Round | None = None
        self._held: dict[tuple[str, str], tuple[int, NDArray[np.int64], int]] = {}

    @property
    def run_name(self) -> str:
        """The run in use: that of the newest refit, or the one that the session began with."""
        return self._newest()[1]

    def _newest(self) -> tuple[int, str]:
        """Seq and run of the newest refit; 0 and the session's own run before the first one."""
        refits = self.store.refits(self.session)
        return (refits[-1].seq, refits[-1].run) if refits else (0, self.session.plan.run)

    def state(self) -> State:
        """What the log comes to now."""
        return self.store.state(self.session)

    def items(self, run: str = "") -> SessionItems:
        """The items that are labelled, as a run sees them.

        Args:
            run: its name; empty for the one in use.

        Raises:
            UnknownNameError, BadRunError: a run that is gone or cannot be used.
        """
        return self._open(run or self.run_name)[1]

    def tested(self, run: str = "") -> Tested:
        """The test items whose labels are known, as a run sees them; raises as `items`."""
        name = run or self.run_name
        return tested_items(self._open(self.session.plan.run)[0], self._open(name)[0])

    def record(self, who: str, presses: Sequence[Press]) -> list[Answer]:
        """Write what somebody pressed, and fit anew where that is due.

        Returns:
            An answer to each press; one about an item that the session does not have is refused.

        Raises:
            BadValueError, StoreError: as `LabelStore.record`; nothing was written.
            UnknownNameError, BadRunError: as `items`; nothing was written.
        """
        refused = self._refused(presses)
        written = self.store.record(self.session, who, [press for press in presses if press.key not in refused])
        answers = iter(written)
        with suppress(ExplorerError):  # what was pressed is written: the next press begins the round
            self._refit_when_due(who)
        return [refused.get(press.key) or next(answers) for press in presses]

    def _refused(self, presses: Sequence[Press]) -> dict[str, Answer]:
        """Answers, by key, to presses about items that the session does not have."""
        by_id = self.items(self.session.plan.run).by_id  # a later run may keep fewer items
        found = {}
        for press in presses:
            items = np.array(press.items, np.int64)
            foreign = items[by_id.rows(items) < 0]
            if len(foreign):
                words = f"The session {self.session.plan.name} has no item {foreign[0]}; label what the page shows."
                found[press.key] = Answer(press.key, None, words)
        return found

    def undone(self, answer: Answer) -> int | None:
        """The item that an undo took back; None for several, and for what is no undo."""
        event = self._events(answer.seq)[:1]
        if not event or event[0].kind != Kind.UNDO:
            return None
        first, *further = self._events(event[0].target)
        is_several = further and further[0].kind in ACTIONS and further[0].target == first.seq
        return None if is_several else first.item

    def latest(self, wait: float = 0.0) -> Round | None:
        """The newest round that is made; None while the first one is.

        Args:
            wait: seconds to wait for one that is under way.

        Raises:
            ExplorerError: it could not be made.
        """
        seq, run = self._newest()
        with self._turning:
            if (self._round is None or self._round.seq < seq) and (self._making is None or self._making[0] < seq):
                self._making = seq, self._worker.submit(self._make, seq, run, None)
            making = self._making
        if making is None:
            return self._round
        return self._taken(making, wait)

    @property
    def fitting(self) -> int | None:
        """Seq of the round that is being made now; None while nobody waits for one."""
        making = self._making
        return None if making is None or making[1].done() else making[0]

    def pick(self, item: int) -> Pick | None:
        """Why an item would be asked about; None before the first round, and for an item that is not the session's."""
        latest = self.latest()
        if latest is None or self.items(latest.run).by_id.rows(np.array([item]))[0] < 0:
            return None
        return picks_told(latest, self.items(latest.run), self.state(), np.array([item], np.int64))[0]

    def questions(self, who: str, tab: str, *, wait: float = 0.0) -> list[Pick]:
        """What this tab of an annotator is asked next; the items are held for it for some minutes.

        Args:
            who: the annotator.
            tab: of the browser.
            wait: seconds to wait for a round that is under way, where the tab holds nothing that is still to be
                labelled; else it goes on with the round before.

        Returns:
            In order; none while the first round is made, and when nothing is left.

        Raises:
            BadValueError, StoreError: as `LabelStore.lease`.
            ExplorerError: as `latest`.
        """
        free = self._free(who, tab)
        latest = self.latest(0.0 if len(free) else wait)
        if latest is None:
            return []
        return picks_told(latest, self.items(latest.run), self.state(), self._hold(latest, who, tab, free))

    def release(self, who: str, tab: str) -> None:
        """Give back what a tab of an annotator holds: others may be asked about it at once.

        Raises:
            BadValueError, StoreError: as `LabelStore.release`; it runs out by itself.
        """
        self._held.pop((who, tab), None)
        self.store.release(self.session, who, tab=tab)

    def _free(self, who: str, tab: str) -> NDArray[np.int64]:
        """Ids that this tab holds and that are still to be labelled."""
        _, held, _ = self._held.get((who, tab), NOTHING_HELD)
        return self.store.candidates(self.session, who, held, tab=tab) if len(held) else held

    def _hold(self, latest: Round, who: str, tab: str, free: NDArray[np.int64]) -> NDArray[np.int64]:
        """Ids that this tab holds from now on: `free`, and more where few of those are left."""
        batch, now = self.session.plan.batch_size, self.store.now()
        seq, _, since = self._held.get((who, tab), NOTHING_HELD)
        is_fresh = seq == latest.seq and now - since < 1e6 * LEASE / 4
        if is_fresh and len(free) >= AHEAD:
            return free
        order = np.concatenate([latest.picks, latest.rest])
        # What is on the screen, and the next few, stay in a new round too.
        kept = free if seq == latest.seq else free[:AT_HAND]
        order = np.concatenate([kept, order[~np.isin(order, kept)]])
        taken = self.store.lease(self.session, who, order, batch + AHEAD, LEASE, tab=tab)
        for key in [key for key, held in tuple(self._held.items()) if now - held[2] > 1e6 * TAB_KEPT]:
            self._held.pop(key, None)
        self._held[who, tab] = latest.seq, taken, now
        return taken

    def _refit_when_due(self, who: str) -> None:
        with self._turning:
            latest = self._round
            if latest is None or self._making is not None or self._newest()[0] > latest.seq:
                return  # one is under way, here or by another server
            if is_due(latest, self.items(latest.run), self.state(), self.session.plan):
                self._refit(who, after=latest.seq)

    def refit(self, who: str, run: str = "", *, note: str = "") -> None:
        """Begin a new round now, beside the page.

        Args:
            who: whose press it came of.
            run: whose latents are in use from now on; empty for the same.
            note: a text to keep in the log.
        """
        with self._turning:
            self._refit(who, run, note)

    def _refit(self, who: str, run: str = "", note: str = "", after: int | None = None) -> None:
        key = f"refit-{token_hex(8)}"
        seq, before = self.store.refit(self.session, who, key, run=run, note=note, after=after)
        used = self._events(seq)[0].run
        self._making = seq, self._worker.submit(self._make, seq, used, before)

    def round_of(self, refit: Event) -> Round:
        """The round that a refit began, made again from the log before it; raises as `latest`."""
        return self._make(refit.seq, refit.run, None)

    def _make(self, seq: int, run: str, before: State | None) -> Round:
        items = self._with_strangeness(run)
        state = before or self.store.state_before(self.session, max(seq, 1))
        return make_round(items, state, self.session.plan, seq, run)

    def _with_strangeness(self, name: str) -> SessionItems:
        """The items, and how strange they are to the run where the strategy asks for it: measured once, in seconds."""
        run, items = self._open(name)
        if STRATEGIES[self.session.plan.strategy].needs_strangeness and items.strangeness is None:
            data = partial(load_dataset, run.card, self._settings, download=False)
            items = replace(items, strangeness=strangeness(run, data, items.ids))
            with self._opening:
                self._runs[name] = run, items
        return items

    def _taken(self, making: tuple[int, Future[Round]], wait: float) -> Round | None:
        """The round that was under way if it is made by now, else the one before it."""
        if not wait_for([making[1]], wait).done:
            return self._round
        try:
            made = making[1].result()
        except Exception as error:
            with self._turning:
                if self._making is making:
                    self._making = None
            if isinstance(error, ExplorerError):
                raise
            raise ExplorerError(
                f"The next round failed at a defect of the program ({type(error).__name__}: {error}). "
                "All labels are kept."
            ) from error
        with self._turning:
            if self._making is making:
                self._making = None
            if self._round is None or made.seq >= self._round.seq:
                self._round = made
        return self._round

    def _open(self, name: str) -> tuple[Run, SessionItems]:
        with self._opening:
            if name not in self._runs:
                first = self.session.plan.run
                try:
                    run, began = open_run(name, self._settings), open_run(first, self._settings)
                except UnknownNameError as error:
                    raise UnknownNameError(
                        f"{error} The session {self.session.plan.name} needs it: restore it. Its labels are all kept."
                    ) from None
                for one in (run, began):
                    refuse_other_items(self.session, one.card)
                self._runs[name] = run, session_items(self.session, began, run)
            found = self._runs[name] = self._runs.pop(name)  # the newest stands last
            later = [known for known in self._runs if known != self.session.plan.run]
            for known in later[:-RUNS_KEPT]:
                del self._runs[known]
            return found

    def _events(self, seq: int | None) -> list[Event]:
        """The event of this seq, and the one behind it where there is one."""
        return [] if seq is None else self.store.events(self.session, [seq, seq + 1])
