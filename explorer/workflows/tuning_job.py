"""The fine-tuning of a session as work in the background: begun by somebody or by itself, watched, cancelled."""

import json
from dataclasses import asdict, dataclass

from explorer.files import is_plain_name, telling_of_the_disk
from explorer.labeling.records import Session, microseconds
from explorer.settings import Settings
from explorer.workflows.background import DISK_ADVICE, Job, Status
from explorer.workflows.desk import Desk
from explorer.workflows.tuning import EPOCHS
from explorer.zoo.store import write_bytes

FOLDER = "tuning"  # of the data root: jobs, and what is kept of each session beside them
NOTE = "fine-tuned"  # of the refit that brings a tuned run into use
STEPS = (50, 100, 200)  # labels from one that begins by itself to the next, beside a batch


@dataclass(frozen=True)
class Wish:
    """When a session is fine-tuned by itself.

    Args:
        every: labels from the beginning of one to the next; 0 where it is begun by hand alone.
        who: chose it.
    """

    every: int = 0
    who: str = ""


class Tuning:
    """The fine-tuning of one session, at most once at a time on all processes.

    Args:
        session: which.
        settings: of the installation.
    """

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session = session.plan.name
        self.job = Job(settings.data_root / FOLDER / self.session, f"The fine-tuning of {self.session}")
        # In a database begun anew another session may have its name, to which none of this was said.
        self._notes = f"{self.session}.{microseconds(session.created)}"

    def begin(self, who: str, *, seq: int = 0, epochs: int = EPOCHS) -> None:
        """Begin it in the background, in a process of its own; nothing happens while one is at it.

        Args:
            who: whose wish it is, for the log.
            seq: of the newest event, see `begun_at`.
            epochs: passes over the items.

        Raises:
            ExplorerError: a data root that cannot be written.
        """
        if self.job.begin("tune", self.session, f"--who={who}", f"--epochs={epochs}"):
            self.note_begun(seq)

    def look(self) -> Status | None:
        """How far it is, or why it failed; None where none is under way."""
        return self.job.look()

    def cancel(self) -> None:
        """End it; the session stays as it was."""
        self.job.cancel()

    @property
    def begun_at(self) -> int:
        """Seq of the newest event when it was begun last, however that ended; 0 where it never was."""
        try:
            return int(self._read("begun"))
        except ValueError:
            return 0

    def note_begun(self, seq: int) -> None:
        """Keep which event was the newest; raises ExplorerError for a data root that cannot be written."""
        self._write("begun", str(seq))

    @property
    def wish(self) -> Wish:
        """When it begins by itself; a setting of the session, for all who label in it."""
        try:
            said = Wish(**json.loads(self._read("alone")))
        except (ValueError, TypeError):  # never chosen, or damaged: then by hand
            return Wish()
        return said if type(said.every) is int and said.every > 0 and isinstance(said.who, str) else Wish()

    @wish.setter
    def wish(self, wish: Wish) -> None:
        self._write("alone", json.dumps(asdict(wish)))

    @property
    def made(self) -> str:
        """The run that was last brought onto the shelf from here, or was about to be; empty for none."""
        name = self._read("made").decode("utf-8", "replace")
        return name if is_plain_name(name) else ""

    def note_made(self, name: str) -> None:
        """Keep which run comes to stand on the shelf; raises ExplorerError for a data root that cannot be written."""
        self._write("made", name)

    def _read(self, kind: str) -> bytes:
        try:
            return self.job.stem.with_name(f"{self._notes}.{kind}").read_bytes()
        except OSError:
            return b""

    def _write(self, kind: str, text: str) -> None:
        folder = self.job.stem.parent
        with telling_of_the_disk(folder, DISK_ADVICE):
            folder.mkdir(parents=True, exist_ok=True)
            write_bytes(folder, f"{self._notes}.{kind}", text.encode())


def choices(batch_size: int) -> tuple[int, ...]:
    """What `Wish.every` may be: 0, a batch, and the larger ones of 50, 100 and 200 labels."""
    return (0, batch_size, *(step for step in STEPS if step > batch_size))


def labels_since_tuning(desk: Desk, tuning: Tuning) -> int:
    """Items whose label came since a fine-tuning was last begun; those held out are none.

    One that was begun on another machine counts from its end, for nothing here says when it began.
    """
    state, items = desk.state(), desk.items()
    since = tuning.begun_at
    if since > state.seq:  # of a log that went further, before a backup took its place
        since = 0
    tuned = [refit for refit in desk.store.refits(desk.session) if refit.text == NOTE]
    if tuned and tuned[-1].run != tuning.made:
        since = max(since, tuned[-1].seq)
    said = state.labels()
    rows = items.by_id.rows(said.ids[said.seqs > since])
    return int((~items.held_out[rows[rows >= 0]]).sum())


def newest_label(desk: Desk) -> int:
    """Seq of the newest label of a session; 0 where there is none."""
    return int(desk.state().labels().seqs.max(initial=0))
