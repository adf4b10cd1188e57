"""`latent-explorer label`: change the classes of a session. Labels are kept by the number of their class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, arg

from explorer.cli.labeling_arguments import Class, NewName, Session, Who, store
from explorer.labeling.records import Press
from explorer.labeling.schema import Kind
from explorer.labeling.state import State


@dataclass(frozen=True)
class AddClass:
    """Add a class.

    For example:
      latent-explorer label add-class first boots --annotator Ann

    Args:
        session: its name.
        name: of the new class.
        annotator: who says so.
    """

    session: Session
    name: NewName
    annotator: Who

    def __call__(self) -> None:
        """Record it."""
        from explorer.workflows.label_classes import change_classes, press

        labels = store()
        change_classes(labels, labels.session(self.session), self.annotator, press(Kind.CLASS_ADDED, text=self.name))
        print(f"{self.session} has the class {self.name.strip()}.")


@dataclass(frozen=True)
class RenameClass:
    """Give a class another name; its labels stay.

    For example:
      latent-explorer label rename-class first boots "ankle boots" --annotator Ann

    Args:
        session: its name.
        name: of the class.
        new: name.
        annotator: who says so.
    """

    session: Session
    name: Class
    new: NewName
    annotator: Who

    def __call__(self) -> None:
        """Record it."""
        from explorer.workflows.label_classes import class_number, press

        _change(self, lambda state: press(Kind.CLASS_RENAMED, class_number(state, self.name), text=self.new))


@dataclass(frozen=True)
class MergeClass:
    """Merge a class into another one, as which its labels count from then on; without --apply, only say what happens.

    For example:
      latent-explorer label merge-class first boots shoes --annotator Ann
      latent-explorer label merge-class first boots shoes --annotator Ann --apply

    Args:
        session: its name.
        name: of the class that goes.
        into: the class that goes on.
        annotator: who says so.
        apply: do it.
    """

    session: Session
    name: Class
    into: Annotated[Class, arg(metavar="INTO", help_behavior_hint="")]
    annotator: Who
    apply: FlagCreatePairsOff[bool] = False

    def __call__(self) -> None:
        """Say what it does, and record it where that is asked for."""
        from explorer.workflows.label_classes import class_number, press

        def change(state: State) -> Press:
            number = class_number(state, self.name)
            return press(Kind.CLASS_MERGED, number, into=class_number(state, self.into))

        _change(self, change, self.apply)


@dataclass(frozen=True)
class DeleteClass:
    """Delete a class, which takes its labels out of force; without --apply, only say what happens.

    For example:
      latent-explorer label delete-class first boots --annotator Ann
      latent-explorer label delete-class first boots --annotator Ann --apply

    Args:
        session: its name.
        name: of the class.
        annotator: who says so.
        apply: do it.
    """

    session: Session
    name: Class
    annotator: Who
    apply: FlagCreatePairsOff[bool] = False

    def __call__(self) -> None:
        """Say what it does, and record it where that is asked for."""
        from explorer.workflows.label_classes import class_number, press

        _change(self, lambda state: press(Kind.CLASS_DELETED, class_number(state, self.name)), self.apply)


def _change(
    action: RenameClass | MergeClass | DeleteClass, change: Callable[[State], Press], apply: bool = True
) -> None:
    """Say what a change does, and make it."""
    from explorer.workflows.label_classes import change_classes, told

    labels = store()
    session = labels.session(action.session)
    state = labels.state(session)
    wanted = change(state)
    print(told(state, wanted))
    if not apply:
        print("Nothing was changed. To do it: say it again with --apply.")
        return
    change_classes(labels, session, action.annotator, wanted)
    print("Done.")
