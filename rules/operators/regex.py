"""``regex``: a regular expression on the normalised text of each turn, with exceptions."""

from collections.abc import Sequence

from pydantic import Field, model_validator

from pipeline.domain.results import BilingualText
from rules.operators.base import Clause, Needle, Operator, Spec
from rules.operators.words import describe_words, near_miss_of_words
from rules.patterns import PatternError, pattern
from rules.region import EVERYWHERE, Region
from rules.spots import Match
from rules.view import CallView


class RegexSpec(Spec):
    """A regular expression (Python's syntax) on one turn at a time. Text is simplified, half-width, lower case."""

    shorthand = "pattern"

    pattern: str | tuple[str, ...] = Field(description="One expression, or several of which any counts")
    except_: str | tuple[str, ...] = Field(
        default=(), alias="except", description="A find that overlaps a find of these does not count"
    )

    @model_validator(mode="after")
    def _compiles(self) -> "RegexSpec":
        if not self.patterns():
            raise ValueError("pattern is empty: give at least one expression")
        for source in (*self.patterns(), *self.exceptions()):
            try:
                pattern(source)
            except PatternError as error:
                raise ValueError(f"the expression '{source}' {error}") from error
        return self

    def patterns(self) -> tuple[str, ...]:
        """The expressions, of which any counts."""
        return (self.pattern,) if isinstance(self.pattern, str) else self.pattern

    def exceptions(self) -> tuple[str, ...]:
        """The expressions of ``except``."""
        return (self.except_,) if isinstance(self.except_, str) else self.except_


class RegexFinder:
    """Runs the expressions on the turns where one of their needles is said."""

    def __init__(self, spec: RegexSpec) -> None:
        self._patterns = tuple(pattern(source) for source in spec.patterns())
        self._except = tuple(pattern(source) for source in spec.exceptions())

    def find(self, view: CallView, region: Region) -> Sequence[Match]:
        found: list[Match] = []
        for expression in self._patterns:
            for turn in expression.turns(view, region):
                for start, end in expression.spans(view, turn):
                    if end > start and not self._excepted(view, turn, start, end):
                        spot = view.spot(turn, start, end)
                        if region.is_everywhere or region.admits(view, spot):
                            found.append((spot,))
        return found

    def _excepted(self, view: CallView, turn: int, start: int, end: int) -> bool:
        return any(
            start < last and first < end for expression in self._except for first, last in expression.spans(view, turn)
        )

    def near_miss(self, view: CallView, region: Region) -> BilingualText:
        for expression in self._patterns:
            for turn in expression.turns(view, region):
                for start, end in expression.spans(view, turn):
                    spot = view.spot(turn, start, end)
                    if region.admits(view, spot):
                        inside = describe_words(view, (spot,))
                        return BilingualText(f"属于例外：{inside.zh}", f"an exception: {inside.en}")
        return near_miss_of_words(view, region, self.find(view, EVERYWHERE))

    def sentence(self) -> BilingualText:
        shown = "」「".join(expression.source for expression in self._patterns)
        return BilingualText(f"说到符合「{shown}」的话", f"words like “{shown}”")

    def describe(self, view: CallView, match: Match) -> BilingualText:
        return describe_words(view, match)

    def clause(self) -> Clause | None:
        needles: set[Needle] = set()
        for expression in self._patterns:
            if expression.needles is None:
                return None
            needles.update(map(Needle, expression.needles))
        return frozenset(needles)


REGEX = Operator("regex", RegexSpec, RegexFinder, family="words", reads_words=True)
