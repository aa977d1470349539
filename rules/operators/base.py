"""What an operator is: a strict specification, a finder built from it, and a sentence that says what it means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar, NamedTuple, Protocol, cast

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText
from rules.region import Region
from rules.spots import Match
from rules.view import CallView

Seconds = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1)]
NonNegative = Annotated[int, Field(strict=True, ge=0)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Spec(BaseModel):
    """What an author may write under an operator's name. Anything else is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shorthand: ClassVar[str | None] = None
    """The field that a bare text, number or list stands for."""

    @model_validator(mode="before")
    @classmethod
    def _lift_shorthand(cls, value: Any) -> Any:
        if cls.shorthand is None or isinstance(value, dict | BaseModel):
            return value
        return {cls.shorthand: value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler.resolve_ref_schema(handler(core_schema))
        if cls.shorthand is None:
            return schema
        return {"anyOf": [schema, schema["properties"][cls.shorthand]], "description": schema.get("description", "")}


class Needle(NamedTuple):
    """Something that must be in a call for a condition to hold: what the engine looks for first."""

    text: str
    """As spoken: normalised, without punctuation; or its sound."""
    role: Role | None = None
    """Who must say it; ``None`` for anybody."""
    by_sound: bool = False


Clause = frozenset[Needle]
"""Needles of which at least one must be in the call."""


class Undecided(Exception):
    """An operator cannot look: what it needs of the call is not there. ``doubt`` says what."""

    def __init__(self, doubt: BilingualText) -> None:
        self.doubt = doubt
        super().__init__(doubt.en)


class Finder(Protocol):
    """One condition of one rule, ready to look."""

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        """Everything found inside ``region``, in any order.

        Raises:
            Undecided: what it needs of the call is not there.
        """

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        """Why nothing was found: what came nearest, where, and by how much it failed."""

    def sentence(self) -> BilingualText:
        """What is looked for. Chinese as a predicate (``说「您好」``), English as a thing (``“您好”``)."""

    def describe(self, view: CallView, match: Match) -> BilingualText:
        """One find in words, with its time."""

    def clause(self) -> Clause | None:
        """Needles of which one must be in the call for anything to be found; ``None`` where there are none."""


class RoleUse(StrEnum):
    """Whether ``role`` may or must be given with an operator."""

    OPTIONAL = "optional"
    NEEDED = "needed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Operator:
    """One way of looking at a call, by the name that authors write."""

    name: str
    spec: type[Spec]
    build: Callable[[Any], Finder]
    """Takes an instance of ``spec``."""
    family: str
    """words, facts, sound, models or call."""
    reads_words: bool
    """Whether words that ASR lost could have made it find something."""
    role: RoleUse = RoleUse.OPTIONAL
    needs_this: bool = False
    """Whether it only makes sense inside ``where`` or ``unless``."""

    def finder(self, spec: Spec) -> Finder:
        """The finder for a specification of this operator."""
        return self.build(cast(Any, spec))
