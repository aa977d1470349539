"""How easily rules change their mind: outcomes on references that are perturbed as the site's ASR would."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from statistics import variance

from pipeline.audio.signals import measure_signals
from pipeline.domain.intervals import Interval, rate, rate_interval
from pipeline.domain.results import Call, Outcome
from pipeline.evaluation.confusion import ConfusionModel
from pipeline.evaluation.rule_quality import Evaluate


@dataclass(frozen=True, slots=True)
class Fragility:
    """How often one rule's outcome flips between hit and no hit.

    >>> steady = Fragility((0, 0, 0), (False, False, True), 20)
    >>> steady.rate, steady.lost, steady.gained
    (0.0, 0.0, 0.0)
    >>> shaky = Fragility((10, 0), (True, False), 20)
    >>> shaky.rate, shaky.lost, shaky.gained
    (0.25, 0.5, 0.0)
    """

    flips: tuple[int, ...]
    """For each call in how many of its perturbations the outcome flipped."""
    hits: tuple[bool, ...]
    """For each call whether the rule hits the reference as it is."""
    perturbations: int

    @property
    def rate(self) -> float | None:
        """Flips ÷ perturbations of all calls; ``None`` without calls."""
        return rate(sum(self.flips), len(self.flips) * self.perturbations)

    @property
    def lost(self) -> float | None:
        """Share of perturbations in which a hit is lost; ``None`` without a hit."""
        return self._share(hit=True)

    @property
    def gained(self) -> float | None:
        """Share of perturbations in which a hit comes up where there is none; ``None`` where every call is hit."""
        return self._share(hit=False)

    def _share(self, *, hit: bool) -> float | None:
        flips = [flipped for flipped, hits in zip(self.flips, self.hits, strict=True) if hits is hit]
        return rate(sum(flips), len(flips) * self.perturbations)

    @property
    def interval(self) -> Interval | None:
        """95 % interval of the rate; ``None`` without calls.

        Perturbations of one call are alike: they count as the number of independent ones that would vary as much, at
        least one a call. Without a flip, or with nothing else, that cannot be estimated and each call counts once.

        Source: L. Kish, Survey Sampling (1965), section 5.4: the design effect of clusters.
        """
        calls, whole = len(self.flips), len(self.flips) * self.perturbations
        share = self.rate
        if share is None:
            return None
        effective = float(calls)
        if calls > 1 and 0 < share < 1:
            between = variance([flipped / self.perturbations for flipped in self.flips]) / calls
            effective = min(float(whole), max(float(calls), share * (1 - share) / between if between else float(whole)))
        number = round(effective)
        return rate_interval(round(share * number), number)


@dataclass(slots=True)
class _Seen:
    flips: list[int] = field(default_factory=list)
    hits: list[bool] = field(default_factory=list)


def measure_fragility(
    evaluate: Evaluate,
    references: Mapping[str, Call],
    model: ConfusionModel,
    *,
    perturbations: int,
    seed: int = 0,
) -> dict[str, Fragility]:
    """The fragility of each rule that runs, by id.

    Args:
        evaluate: runs the rules.
        references: calls as they were spoken, by recording.
        model: the site's confusions.
        perturbations: of each call.
        seed: the same seed gives the same perturbations, whatever other calls there are.
    """
    seen: dict[str, _Seen] = {}
    for recording in sorted(references):
        call = references[recording]
        before = _hits(evaluate, call)
        flips = dict.fromkeys(before, 0)
        for number in range(perturbations):
            now = _hits(evaluate, perturbed(call, model, Random(f"{seed}:{recording}:{number}")))
            for rule, hit in now.items():
                flips[rule] += hit != before[rule]
        for rule, hit in before.items():
            of_rule = seen.setdefault(rule, _Seen())
            of_rule.flips.append(flips[rule])
            of_rule.hits.append(hit)
    return {rule: Fragility(tuple(one.flips), tuple(one.hits), perturbations) for rule, one in sorted(seen.items())}


def _hits(evaluate: Evaluate, call: Call) -> dict[str, bool]:
    return {result.rule_id: result.outcome is Outcome.HIT for result in evaluate(call)}


def perturbed(call: Call, model: ConfusionModel, random: Random) -> Call:
    """The call as ASR might have written it; turns of which nothing is left are gone, the others keep their times."""
    turns = [replace(turn, text=model.perturb(turn.text, random), words=()) for turn in call.transcript.turns]
    kept = [turn for turn in turns if any(character.isalnum() for character in turn.text)]
    numbered = tuple(replace(turn, index=index) for index, turn in enumerate(kept))
    transcript = replace(call.transcript, turns=numbered)
    return Call(transcript, call.metadata, measure_signals(transcript))
