"""What a backup or a restore refuses."""

from pipelines.errors import CallerError, TrainyardError


class Busy(TrainyardError):
    """Another backup, or another cleaning of the same vault, is under way."""


class Damaged(CallerError):
    """A backup does not hold what it was written with; the message names what."""


class NotEmpty(CallerError):
    """The target of a restore holds something, and nobody said that it may be replaced."""


class Vanished(TrainyardError):
    """A file that the backup needs was deleted while it was copied."""
