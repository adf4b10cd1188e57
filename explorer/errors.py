"""What can go wrong in a way that a person can mend: one clear sentence each.

Every message says what is wrong, what was expected and what to do next. Front ends
show the message of an `ExplorerError` as it stands; anything else is our defect.
"""


class ExplorerError(Exception):
    """A mistake that its reader can mend; `str(error)` is the sentence to show."""


class UnknownNameError(ExplorerError):
    """A name that stands in no table; the message lists the allowed ones."""


class BadValueError(ExplorerError):
    """A setting or an argument outside its range."""


class BadDataError(ExplorerError):
    """Items that cannot be used: wrong shape, NaN pixels, labels that are no class."""


class MissingDataError(ExplorerError):
    """Items, or latents of a replay, that are not on this machine and cannot be made here."""


class BadRunError(ExplorerError):
    """A run folder that cannot be trusted: missing, truncated, foreign or altered files."""


class TrainingError(ExplorerError):
    """A training that had to stop: a loss that is not a number, or no memory left."""


class StoreError(ExplorerError):
    """Labels that could not be read or kept: a full disk, a database that is locked, read-only, away or foreign."""
