"""What an author may write in a rule file. The JSON Schema for editors is made from the same models."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    Tag,
    create_model,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText, ErrorClass, RuleStatus, Severity
from rules.operators import OPERATORS
from rules.operators.base import Count, NonNegative, Number, Operator, RoleUse, Seconds, Spec
from rules.scope import AnchorLimits, PositiveSeconds, WindowSpec

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Kebab = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
THIS = "this"
"""In ``where`` and ``unless``: the find that is being judged."""
COMBINATORS = ("all", "any", "not", "at_least", "sequence")
_RESERVED = frozenset({"all", "any", "not"})
"""Their fields end in an underscore: the names mean something in Python."""


class BilingualSpec(Spec):
    """A text for users, Chinese and English."""

    zh: Text
    en: Text

    def text(self) -> BilingualText:
        """The same as a domain value."""
        return BilingualText(self.zh, self.en)


@cache
def _kind_fields() -> frozenset[str]:
    return frozenset({*OPERATORS, *(f"{name}_" if name in _RESERVED else name for name in COMBINATORS)})


def _condition_tag(value: Any) -> str:
    return "name" if isinstance(value, str) else "condition"


Name = Annotated[str, StringConstraints(min_length=1)]
ConditionOrName = Annotated[
    Annotated[Name, Tag("name")] | Annotated["Condition", Tag("condition")], Discriminator(_condition_tag)
]


class AtLeastSpec(Spec):
    """At least some of the conditions hold."""

    count: Count
    of: tuple[ConditionOrName, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _enough(self) -> "AtLeastSpec":
        if self.count > len(self.of):
            raise ValueError(f"count is {self.count}, but of has only {len(self.of)} conditions")
        return self


class SequenceSpec(Spec):
    """Conditions found one after the other; the limit is from one step to the next."""

    shorthand = "steps"

    steps: tuple[ConditionOrName, ...] = Field(min_length=2)
    within_turns: NonNegative | None = None
    within_s: Seconds | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> "SequenceSpec":
        if self.within_turns is not None and self.within_s is not None:
            raise ValueError("a sequence takes one of within_turns and within_s, not both")
        return self


class AnchorSpec(AnchorLimits):
    """Relative to finds of another condition, by name or written here; ``this`` inside where and unless."""

    shorthand = "condition"

    condition: ConditionOrName


class ConditionBase(BaseModel):
    """One operator or combinator, and where it looks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    all_: tuple[ConditionOrName, ...] | None = Field(
        default=None, alias="all", min_length=1, description="All of these hold"
    )
    any_: tuple[ConditionOrName, ...] | None = Field(
        default=None, alias="any", min_length=1, description="At least one of these holds"
    )
    not_: ConditionOrName | None = Field(
        default=None, alias="not", description="This does not hold, and nothing was lost where it could be"
    )
    at_least: AtLeastSpec | None = Field(default=None, description="`count` of the conditions in `of` hold")
    sequence: SequenceSpec | None = Field(
        default=None, description="`steps` one after the other, `within_turns` or `within_s`"
    )
    role: Role | None = Field(default=None, description="Whose words count; for a group, the default of its parts")
    window: WindowSpec | None = Field(default=None, description="A stretch at the start or the end of the call")
    before: AnchorSpec | None = Field(default=None, description="Only before finds of another condition")
    after: AnchorSpec | None = Field(default=None, description="Only after them")
    around: AnchorSpec | None = Field(default=None, description="Only near them, on both sides")
    where: ConditionOrName | None = Field(default=None, description="Keeps the finds for which this holds")
    unless: ConditionOrName | None = Field(default=None, description="Drops the finds for which this holds")
    means: BilingualSpec | None = Field(default=None, description="What it is about, for explanations")

    @model_validator(mode="after")
    def _one_operator(self) -> "ConditionBase":
        kinds = self.kinds()
        if len(kinds) != 1:
            given = ", ".join(kinds) or "none"
            raise ValueError(
                f"a condition has exactly one operator or combinator; given: {given}. "
                f"Join several with all or any. Known: {', '.join((*OPERATORS, *COMBINATORS))}"
            )
        kind = kinds[0]
        if kind == "not" and (self.where or self.unless or self.role or self.window or self.anchors()):
            raise ValueError("not takes no scope of its own: put role, window, before, after, where inside it")
        if kind in OPERATORS:
            self._check_role(OPERATORS[kind])
        return self

    def _check_role(self, operator: Operator) -> None:
        if operator.role is RoleUse.NONE and self.role is not None:
            raise ValueError(f"{operator.name} belongs to no party: remove role")

    def kinds(self) -> tuple[str, ...]:
        """The operators and combinators given; one, once validated."""
        given = sorted(name.rstrip("_") for name in self.model_fields_set & _kind_fields())
        return tuple(name for name in given if getattr(self, f"{name}_" if name in _RESERVED else name) is not None)

    def operator(self) -> tuple[Operator, Spec] | None:
        """The operator and its specification; ``None`` for a combinator."""
        kind = self.kinds()[0]
        return (OPERATORS[kind], cast(Spec, getattr(self, kind))) if kind in OPERATORS else None

    def anchors(self) -> tuple[tuple[Literal["before", "after", "around"], AnchorSpec], ...]:
        """The scopes relative to other conditions."""
        given = (("before", self.before), ("after", self.after), ("around", self.around))
        return tuple((direction, anchor) for direction, anchor in given if anchor is not None)  # type: ignore[misc]


if TYPE_CHECKING:

    class Condition(ConditionBase):
        """One operator or combinator, and where it looks; with a field for each operator."""

else:
    Condition = create_model(
        "Condition",
        __base__=ConditionBase,
        __doc__="One operator or combinator, and where it looks.",
        **{name: (operator.spec | None, None) for name, operator in OPERATORS.items()},
    )
for _model in (AtLeastSpec, SequenceSpec, AnchorSpec, Condition):
    _model.model_rebuild(_types_namespace={"Condition": Condition})


class ExampleTurn(Spec):
    """A turn of an example: ``坐席: 您好`` or ``客户: 喂`` in one line, or with times; or a silence."""

    role: Role | None = None
    text: Text | None = None
    silence_s: PositiveSeconds | None = Field(default=None, description="Seconds in which nobody speaks")
    overlap_s: PositiveSeconds | None = Field(default=None, description="Starts this long before the last turn ends")
    length_s: PositiveSeconds | None = Field(default=None, description="Seconds it takes to say; else by its length")
    louder_db: Number | None = Field(default=None, description="Over the party's usual level, in dB")

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        line = {"type": "string", "pattern": f"^({'|'.join(_SPEAKERS)})[:：]"}
        return {"anyOf": [line, handler.resolve_ref_schema(handler(core_schema))]}

    @model_validator(mode="before")
    @classmethod
    def _one_line(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        who, colon, text = value.replace("：", ":", 1).partition(":")
        if not colon or who.strip() not in _SPEAKERS:
            raise ValueError(f"a turn is written '坐席: …', '客户: …' or '某方: …', not '{value}'")
        return {"role": _SPEAKERS[who.strip()], "text": text}

    @model_validator(mode="after")
    def _words_or_silence(self) -> "ExampleTurn":
        if (self.silence_s is None) == (self.role is None or self.text is None):
            raise ValueError("a turn has role and text, or silence_s alone")
        return self


_SPEAKERS = {
    "坐席": "agent",
    "客户": "customer",
    "某方": "unknown",
    "agent": "agent",
    "customer": "customer",
    "unknown": "unknown",
}


class Example(Spec):
    """A short dialogue."""

    turns: tuple[ExampleTurn, ...] = Field(min_length=1)
    metadata: Mapping[str, str] = Field(default_factory=dict)
    note: Text | None = Field(default=None, description="What it shows")


class HitExample(Example):
    """A dialogue that the rule must flag."""

    quote: str = Field(description="Exactly the words flagged; empty where the evidence has no words")


class KnownGap(Example):
    """A dialogue that the rule is known to judge wrongly, and why it is left so."""

    should: Literal["hit", "clear"] = Field(description="What would be right")
    note: Text


class Examples(Spec):
    """The tests of a rule, beside it."""

    hits: tuple[HitExample, ...] = ()
    clear: tuple[Example, ...] = ()
    known_gaps: tuple[KnownGap, ...] = ()


class RuleDocument(Spec):
    """A rule: what is wrong, why it matters, how it is recognised, and the examples that prove it."""

    id: Kebab = Field(description="What is detected, in kebab case")
    title: BilingualSpec = Field(description="Its name for reviewers, `zh` and `en`")
    why: BilingualSpec = Field(description="The policy that the rule enforces")
    severity: Annotated[Severity, Field(description="How soon a person should hear the call")]
    error_class: ErrorClass = Field(description="The class in which a hit fails the call")
    status: RuleStatus = Field(
        default=RuleStatus.DRAFT, description="Shadow rules run and flag nothing; draft and retired ones do not run"
    )
    tuned_for: Literal["recall", "precision"] = Field(
        default="precision", description="Which of the two matters more to its author"
    )
    applies_to: Mapping[str, str | tuple[str, ...]] = Field(
        default_factory=dict, description="Metadata that a call must have, each with one value or several"
    )
    conditions: Mapping[Kebab, Condition] = Field(
        default_factory=dict, description="Conditions by name, to be used again"
    )
    when: ConditionOrName = Field(description="The condition under which a call is flagged")
    examples: Examples = Field(
        default_factory=Examples,
        description="`hits` with their exact quote, `clear`, `known_gaps` with what they should be",
    )


def json_schema() -> dict[str, object]:
    """The JSON Schema of a rule file, for editors."""
    schema: dict[str, object] = RuleDocument.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "earmark rule"
    return schema
