"""Retention rules from a YAML file, every problem of the file reported at once."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.domain.errors import ConfigError
from pipeline.domain.retention import DataClass, Days, RetentionRules
from pipeline.text.placed_yaml import in_order, messages, read

Kept = Literal["keep"] | Annotated[int, Field(ge=1, le=36_500)]


class _Days(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    audio: Kept | None = None
    originals: Kept | None = None
    transcripts: Kept | None = None
    derived: Kept | None = None
    reviews: Kept | None = None
    details: Kept | None = None
    audit: Kept | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _days_or_keep(cls, value: object) -> object:
        if value == "keep":
            return value
        if not isinstance(value, str) or not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 36_500:
            raise ValueError(f"{value!r} is neither a number of days, 1 to 36500, nor 'keep'")
        return int(value)

    def days(self) -> Days:
        """By class, those that the file names."""
        named = self.model_dump(exclude_unset=True)
        return {DataClass(name): None if kept == "keep" else kept for name, kept in named.items()}


class _Queue(_Days):
    @model_validator(mode="after")
    def _one_audit_log(self) -> "_Queue":
        if self.audit is not None:
            raise ValueError("the audit log is of no queue: 'audit' stands under 'default' only")
        return self


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    default: _Days = _Days()
    queues: dict[str, _Queue] = {}


def load_retention(path: Path) -> RetentionRules:
    """The rules in the file.

    Raises:
        ConfigError: the file cannot be read or holds no rules; all problems are in it.
    """
    source = read(path)
    found = list(source.problems)
    if source.root is not None:
        try:
            document = _Document.model_validate(source.value)
        except ValidationError as error:
            found.extend(messages(source, error))
    if found:
        raise ConfigError("\n".join(in_order(found, source.label)))
    return RetentionRules(document.default.days(), {name: days.days() for name, days in document.queues.items()})
