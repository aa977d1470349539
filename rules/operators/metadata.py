"""``metadata``: what the centre knows about the call."""

from collections.abc import Sequence

from pydantic import Field, model_validator

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText
from rules.operators.base import Number, Operator, RoleUse, Spec
from rules.operators.sound import MeasuredFinder, admitted, whole_call_spot
from rules.region import Region
from rules.spots import Match
from rules.view import CallView


class MetadataSpec(Spec):
    """A field of the manifest is one of some values, or a number between limits."""

    field: str = Field(min_length=1, description="A manifest column: agent, team, queue, survey_score, …")
    is_: str | tuple[str, ...] | None = Field(default=None, alias="is")
    at_least: Number | None = None
    at_most: Number | None = None

    @model_validator(mode="after")
    def _one_test(self) -> "MetadataSpec":
        numeric = self.at_least is not None or self.at_most is not None
        if numeric == (self.is_ is not None):
            raise ValueError("metadata takes either is, or at_least and at_most")
        return self

    def values(self) -> tuple[str, ...]:
        """The accepted values."""
        return (self.is_,) if isinstance(self.is_, str) else self.is_ or ()


class MetadataFinder(MeasuredFinder):
    """Looks at one field. An unknown value is none of the wanted."""

    def __init__(self, spec: MetadataSpec) -> None:
        self._spec = spec

    def _holds(self, value: str) -> bool:
        spec = self._spec
        if spec.is_ is not None:
            return value in spec.values()
        try:
            number = float(value)
        except ValueError:
            return False
        return (spec.at_least is None or number >= spec.at_least) and (spec.at_most is None or number <= spec.at_most)

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        value = view.call.metadata.value(self._spec.field)
        if value is None or not self._holds(value):
            return ()
        return admitted(view, region, [whole_call_spot(view, Role.UNKNOWN)])

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        value = view.call.metadata.value(self._spec.field)
        if value is None:
            return BilingualText(f"没有 {self._spec.field} 数据", f"{self._spec.field} is not known")
        return BilingualText(f"{self._spec.field} 是 {value}", f"{self._spec.field} is {value}")

    def sentence(self) -> BilingualText:
        spec = self._spec
        if spec.is_ is not None:
            return BilingualText(
                f"{spec.field} 为 {'、'.join(spec.values())}", f"{spec.field} {' or '.join(spec.values())}"
            )
        limits = [f"≥ {spec.at_least:g}" if spec.at_least is not None else ""]
        limits.append(f"≤ {spec.at_most:g}" if spec.at_most is not None else "")
        text = f"{spec.field} {' '.join(filter(None, limits))}"
        return BilingualText(text, text)

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return self.near_miss(view, Region())


METADATA = Operator("metadata", MetadataSpec, MetadataFinder, family="call", reads_words=False, role=RoleUse.NONE)
