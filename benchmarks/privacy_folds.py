"""What the network adds to the rules, on calls of authors whom it was not trained on (benchmarks/privacy_tagger.py)."""

from collections.abc import Callable, Iterator, Sequence

from benchmarks.privacy_measures import NAMES_AND_ADDRESSES, NUMBERS, measure, rates
from benchmarks.privacy_symbols import Example, TaughtCall
from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_said import Found
from pipeline.privacy.find_tagged import find_tagged
from pipeline.privacy.tagger import Tagger

FOLDS = (
    ("na", "nb", "oa", "ob", "ca", "cf", "ci", "co", "cr"),
    ("nc", "nd", "oc", "od", "cb", "cg", "cj", "cp", "cs"),
    ("ne", "nf", "oe", "of", "cc", "cd", "ck", "cl", "cq", "ct"),
    ("ng", "own", "ce", "ch", "cm", "cn", "cu", "cv"),
)
"""Authors that are judged by a network trained on all others."""
Finds = list[tuple[Example, Sequence[Found]]]


def evaluate(calls: Sequence[TaughtCall], trained: Callable[[Sequence[TaughtCall]], Tagger]) -> Iterator[str]:
    """Lines of tables, with punctuation and without: each author's calls, and all.

    Args:
        trained: makes a network of calls.
    """
    finds: dict[tuple[int, str], tuple[Finds, Finds]] = {}
    for fold in FOLDS:
        network = trained([call for call in calls if call.author not in fold])
        for call in calls:
            for variant in (0, 1) if call.author in fold else ():
                example = call.variants[variant]
                found = find_tagged(example.said, example.found, example.heard, lambda _: False, network=network)
                for group in (call.author, "all"):
                    alone, both = finds.setdefault((variant, group), ([], []))
                    alone.append((example, example.found))
                    both.append((example, found))
        yield f"(judged: {', '.join(fold)})"
    for variant, form in enumerate(("as written", "without punctuation")):
        yield f"\n{form}\n"
        yield "| author | calls | finder | numbers | names and addresses | precision | right kind |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for (of_variant, group), (alone, both) in finds.items():
            if of_variant == variant:
                yield f"| {group} | {len(both)} | rules | {_cells(alone)} |"
                yield f"| | | with the network | {_cells(both)} |"


def _cells(finds: Finds) -> str:
    spans = {id(each.call.transcript): [each.said.span(datum) for datum in found] for each, found in finds}
    measured = measure([each.call for each, _ in finds], lambda transcript: spans[id(transcript)])
    numbers, names = measured.together(NUMBERS), measured.together(NAMES_AND_ADDRESSES)
    every = measured.together(PersonalKind)
    return " | ".join(
        (
            rates(numbers.covered, numbers.spans),
            rates(names.covered, names.spans),
            rates(every.right, every.found),
            rates(every.same_kind, every.covered),
        )
    )
