"""Labelled calls as ASR wrote them, each beside its reference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.domain.errors import ConfigError
from pipeline.domain.results import Call
from pipeline.evaluation.alignment import Alignment, align
from pipeline.evaluation.attribution import Attributed, Recognised, attribute
from pipeline.evaluation.cer import CharacterErrors, character_errors, total_errors
from pipeline.evaluation.confusion import ConfusionModel
from pipeline.evaluation.fragility import Fragility, measure_fragility
from pipeline.evaluation.labelled import LabelledCall
from pipeline.evaluation.rule_quality import Case, Evaluate
from pipeline.evaluation.swapping import written_by_turn


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the references tell about the rules and about ASR."""

    attributed: tuple[Attributed, ...]
    fragility: dict[str, Fragility]
    """By rule; empty where nothing was perturbed."""
    errors: CharacterErrors
    """Of ASR, over all calls with a reference."""
    calls: int


def with_stored_words(calls: Sequence[LabelledCall], stored: Iterable[tuple[str, Call]]) -> list[LabelledCall]:
    """The labelled calls with the words, times and signals of the stored calls of the same name; others are left out.

    Raises:
        ConfigError: two stored calls have the name of one labelled call, or none has any.
    """
    wanted = {call.recording: call for call in calls}
    found: dict[str, LabelledCall] = {}
    for name, call in stored:
        if name not in wanted:
            continue
        if name in found:
            raise ConfigError(f"{name} is the name of two calls in the database: the labels cannot tell which is meant")
        found[name] = replace(wanted[name], call=call)
    if calls and not found:
        raise ConfigError("no labelled call is in the database: recordings are matched by their file name")
    return [found[call.recording] for call in calls if call.recording in found]


def pair_up(calls: Sequence[LabelledCall], references: Sequence[LabelledCall]) -> dict[str, Recognised]:
    """Each call that has a reference, by recording.

    Raises:
        ConfigError: no call has a reference.
    """
    by_name = {reference.recording: reference for reference in references}
    pairs: dict[str, Recognised] = {}
    for call in calls:
        reference = by_name.get(call.recording)
        if reference is not None:
            spoken = replace(reference.call, metadata=call.call.metadata)
            alignment = align(call.call.transcript, spoken.transcript)
            pairs[call.recording] = Recognised(call, spoken, alignment)
    if not pairs:
        raise ConfigError("no labelled call has a reference: calls are matched by 'recording'")
    return pairs


def compare_with_reference(
    evaluate: Evaluate, cases: Sequence[Case], pairs: dict[str, Recognised], *, perturbations: int
) -> Comparison:
    """The causes of all wrong cases, the fragility of all rules, and the errors of ASR."""
    model = ConfusionModel(pair.alignment for pair in pairs.values())
    references = {recording: pair.reference for recording, pair in pairs.items()}
    shaken = measure_fragility(evaluate, references, model, perturbations=perturbations) if perturbations else {}
    errors = total_errors(recognition_errors(pair.alignment) for pair in pairs.values())
    return Comparison(tuple(attribute(evaluate, cases, pairs)), shaken, errors, len(pairs))


def recognition_errors(alignment: Alignment) -> CharacterErrors:
    """What ASR got wrong in one call, turn by turn of the reference."""
    pieces, invented = written_by_turn(alignment)
    written = {turn: "".join(piece for piece, _, _ in of_turn) for turn, of_turn in pieces.items()}
    said = [character_errors(turn.text, written.get(turn.index, "")) for turn in alignment.reference.turns]
    return total_errors([*said, *(character_errors("", turn.text) for turn in invented)])
