"""What a plan file may hold."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from pipeline.domain.sampling import Allocation, Part, PartKind, Target, TargetKind

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(gt=0, le=1)]
Columns = Annotated[tuple[Text, ...], Field(min_length=1)]
AUDIT = "audit"

NEEDS: dict[str, tuple[str, ...]] = {
    "flagged": (),
    "new_staff": ("days",),
    "metadata": ("column", "values"),
    "long": ("at_least_s",),
    "low_survey": ("at_most",),
    "repeat_contact": ("days",),
    "complaints": ("file", "column"),
}
"""What each target needs; anything else with it is a mistake."""
LIMITS = ("days", "at_least_s", "at_most", "column", "values", "file")


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Amount(_Document):
    n: Count | None = None
    share: Share | None = None

    @model_validator(mode="after")
    def _one_amount(self) -> "_Amount":
        if (self.n is None) == (self.share is None):
            raise ValueError("give either 'n' (calls) or 'share' (of the calls that qualify, up to 1)")
        return self


class ReviewersDocument(_Document):
    """What the reviewers can hear."""

    hours: Annotated[float, Field(gt=0)]
    calls_per_hour: Annotated[float, Field(gt=0)]


class AuditDocument(_Document):
    """The random audit of unflagged calls."""

    n: Count | None = None
    share: Share | None = None
    by: Columns | None = None
    none_because: Text | None = None

    @model_validator(mode="after")
    def _one_amount(self) -> "AuditDocument":
        if sum(one is not None for one in (self.n, self.share, self.none_because)) != 1:
            raise ValueError("an audit has either 'n', 'share', or 'none_because' with the reason why there is none")
        if self.none_because is not None and self.by is not None:
            raise ValueError("'by' says nothing where there is no audit")
        return self


class RandomDocument(_Amount):
    """So many calls of each agent and week."""

    kind: Literal["random"]
    name: Name
    priority: Count | None = None

    def part(self, position: int) -> Part:
        return Part(self.name, PartKind.RANDOM, self.n, self.share, self.priority or position, by=("agent", "week"))


class StratifiedDocument(_Amount):
    """So many calls, shared out over metadata columns."""

    kind: Literal["stratified"]
    name: Name
    priority: Count | None = None
    by: Columns
    allocation: Literal["proportional", "equal", "neyman"] = "proportional"

    def part(self, position: int) -> Part:
        how = Allocation(self.allocation)
        kind, priority = PartKind.STRATIFIED, self.priority or position
        return Part(self.name, kind, self.n, self.share, priority, by=self.by, allocation=how)


class AdaptiveDocument(_Amount):
    """More of agents whose accuracy is low or not known."""

    kind: Literal["adaptive"]
    name: Name
    priority: Count | None = None
    floor: Count = 1

    def part(self, position: int) -> Part:
        kind, priority = PartKind.ADAPTIVE, self.priority or position
        return Part(self.name, kind, self.n, self.share, priority, by=("agent",), floor=self.floor)


class TargetedDocument(_Amount):
    """Calls with a property."""

    kind: Literal["targeted"]
    name: Name
    priority: Count | None = None
    what: Literal["flagged", "new_staff", "metadata", "long", "low_survey", "repeat_contact", "complaints"]
    days: Annotated[float, Field(gt=0)] | None = None
    at_least_s: Annotated[float, Field(gt=0)] | None = None
    at_most: float | None = None
    column: Text | None = None
    values: Columns | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _fits(self) -> "TargetedDocument":
        needed = NEEDS[self.what]
        missing = [name for name in needed if getattr(self, name) is None]
        strange = [name for name in LIMITS if name not in needed and getattr(self, name) is not None]
        problems = [f"'{self.what}' needs {' and '.join(map(repr, missing))}"] if missing else []
        problems += [f"{', '.join(map(repr, strange))} says nothing with '{self.what}'"] if strange else []
        if self.what == "complaints" and self.column not in (None, "recording", "customer_id"):
            problems.append("the column of a complaint list is 'recording' or 'customer_id'")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def part(self, position: int) -> Part:
        target = Target(
            TargetKind(self.what),
            days=self.days,
            at_least_s=self.at_least_s,
            at_most=self.at_most,
            column=self.column,
            values=frozenset(self.values or ()),
        )
        return Part(self.name, PartKind.TARGETED, self.n, self.share, self.priority or position, target=target)


PartDocument = Annotated[
    RandomDocument | StratifiedDocument | AdaptiveDocument | TargetedDocument, Field(discriminator="kind")
]


class PlanDocument(_Document):
    """A plan file."""

    id: Name
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    reviewers: ReviewersDocument | None = None
    audit: AuditDocument | None = None
    """Its absence is a problem with words of its own, see `pipeline.sampling.plans`."""
    parts: tuple[PartDocument, ...] = ()
