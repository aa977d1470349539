"""What Microsoft Presidio's recognisers find of the same data, for comparison.

Runs where Presidio is installed, which need not be earmark's environment::

    PYTHONPATH=. /elsewhere/bin/python -m benchmarks.privacy_presidio

Presidio 2.2 has country packages for 18 countries, none for China. What it has for everybody (phone numbers by the
phonenumbers library, cards, e-mail, dates, IBAN, IP) is used with region CN and language zh, without a language model:
spaCy's Chinese models are not on the package index. Two readings: the text as it was recognised, and with its spoken
digits written as digits by earmark and without pauses, which Presidio cannot do itself.
"""

import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from time import process_time

from presidio_analyzer import EntityRecognizer
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    DateRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    PhoneRecognizer,
)

from benchmarks.privacy_measures import measure, read_annotated, table
from pipeline.domain.calls import Transcript
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.text.numbers import digit_form

DIALOGUES = Path(__file__).parents[1] / "data" / "dialogues"
FILES = ("personal.jsonl", "personal_dev.jsonl", "personal_judge.jsonl")
KINDS = {
    "PHONE_NUMBER": PersonalKind.MOBILE,
    "CREDIT_CARD": PersonalKind.BANK_CARD,
    "EMAIL_ADDRESS": PersonalKind.EMAIL,
    "IBAN_CODE": PersonalKind.ORDER,
}
_PAUSE = re.compile(r"(?<=\d)[，,、](?=\d)")
_LOWEST_SCORE = 0.3
"""Presidio's own examples use 0.35 and more; phone numbers score 0.4."""


def recognizers() -> Sequence[EntityRecognizer]:
    """Presidio's recognisers that are of no country, told that the text is Chinese."""
    return (
        PhoneRecognizer(supported_language="zh", supported_regions=("CN", "US", "GB")),
        CreditCardRecognizer(supported_language="zh"),
        EmailRecognizer(supported_language="zh"),
        DateRecognizer(supported_language="zh"),
        IbanRecognizer(supported_language="zh"),
    )


class PresidioFinder:
    """Finds with Presidio; dates are dropped, since it cannot tell a date of birth from others."""

    def __init__(self, *, spoken_as_digits: bool) -> None:
        self._recognizers = recognizers()
        self._spoken_as_digits = spoken_as_digits

    def __call__(self, transcript: Transcript) -> list[PersonalSpan]:
        found: list[PersonalSpan] = []
        for turn in transcript.turns:
            digits = digit_form(turn.text) if self._spoken_as_digits else None
            text = turn.text if digits is None else _PAUSE.sub(" ", digits.text)
            for recognizer in self._recognizers:
                for result in recognizer.analyze(text, recognizer.supported_entities, None) or ():
                    if result.score < _LOWEST_SCORE or result.entity_type not in KINDS:
                        continue
                    start, end = result.start, result.end
                    if digits is not None:
                        start, end = digits.original_span(start, end)
                    found.append(PersonalSpan(turn.index, start, end, KINDS[result.entity_type], text))
        return found


def main() -> None:
    """Prints a table per file and reading."""
    print(f"presidio-analyzer {version('presidio-analyzer')}, phonenumbers {version('phonenumbers')}")
    for spoken_as_digits in (False, True):
        finder = PresidioFinder(spoken_as_digits=spoken_as_digits)
        for name in FILES:
            calls = read_annotated(DIALOGUES / name)
            begin = process_time()
            measured = measure(calls, finder)
            took_ms = (process_time() - begin) * 1000
            characters = sum(call.transcript.character_count for call in calls)
            print(f"\n## {name}, {'spoken digits written' if spoken_as_digits else 'as recognised'}\n")
            print(*table(measured), sep="\n")
            print(f"\n{took_ms / characters * 1700:.1f} ms for 1,700 characters")


if __name__ == "__main__":
    main()
