"""Errors that earmark raises on purpose. A message says what is wrong, where, and what to do."""


class EarmarkError(Exception):
    """Root of every error that a user can cause or mend."""


class ConfigError(EarmarkError):
    """A setting, option or manifest cannot be used."""


class RulePackError(EarmarkError):
    """A rule pack cannot be loaded. ``problems`` holds every problem of every file, not just the first."""

    def __init__(self, problems: "list[str] | tuple[str, ...]") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class AudioError(EarmarkError):
    """A recording cannot be decoded, or holds nothing that can be judged."""


class AsrError(EarmarkError):
    """A speech model cannot be loaded or run."""


class ModelArtifactError(EarmarkError):
    """A classifier artifact is missing, altered, or made for other versions."""


class StoreError(EarmarkError):
    """The database cannot be reached, is of another version, or refuses a write."""
