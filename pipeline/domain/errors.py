"""Errors that earmark raises on purpose. A message says what is wrong, where, and what to do."""

from enum import StrEnum


class EarmarkError(Exception):
    """Root of every error that a user can cause or mend."""


class ConfigError(EarmarkError):
    """A setting, option or manifest cannot be used."""


class RulePackError(EarmarkError):
    """A rule pack cannot be loaded. ``problems`` holds every problem of every file, not just the first."""

    def __init__(self, problems: "list[str] | tuple[str, ...]") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class AudioFault(StrEnum):
    """Why a recording cannot be used, for counting and filtering; the message is for people."""

    EMPTY = "empty"
    """No bytes, or no sound in them."""
    UNREADABLE = "unreadable"
    """Missing, not permitted, or not a regular file."""
    NOT_AUDIO = "not_audio"
    NO_AUDIO_STREAM = "no_audio_stream"
    UNSUPPORTED = "unsupported"
    """Sound, but of a kind that calls do not have: codec, sample rate, number of channels or streams."""
    TRUNCATED = "truncated"
    """The end is missing."""
    DAMAGED = "damaged"
    """Parts in the middle are missing or cannot be decoded."""
    SILENT = "silent"
    """No channel holds anything but digital silence."""
    TOO_LONG = "too_long"


class AudioError(EarmarkError):
    """A recording cannot be decoded, or holds nothing that can be judged."""

    def __init__(self, message: str, *, fault: AudioFault | None = None) -> None:
        self.fault = fault
        super().__init__(message)


class AsrError(EarmarkError):
    """A speech model cannot be loaded or run."""


class ModelArtifactError(EarmarkError):
    """A classifier artifact is missing, altered, or made for other versions."""


class StoreError(EarmarkError):
    """The database cannot be reached, is of another version, or refuses a write."""

    def __init__(self, message: str, *, passing: bool = False) -> None:
        self.passing = passing
        """Whether the same may succeed in a while: the server restarts, another process holds the lock."""
        super().__init__(message)
