"""How well personal data is found in calls, and how fast: ``python -m benchmarks.privacy [--judge] [--list]``.

Data: data/dialogues/personal*.jsonl. A judging set judges as long as nobody who changes the finder has read what it
misses there: it prints figures alone.
"""

import argparse
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

from threadpoolctl import threadpool_limits

from benchmarks.privacy_measures import AnnotatedCall, Finder, measure, read_annotated, table, without_marks
from pipeline.domain.calls import Transcript, Turn
from pipeline.domain.personal import PersonalKind, PersonalSpan
from pipeline.privacy.find import find_personal

DIALOGUES = Path(__file__).parents[1] / "data" / "dialogues"
SETS = {
    "personal.jsonl": "labelled calls (120, annotated by reading)",
    "personal_dev.jsonl": "hard forms, development",
    "personal_dev2.jsonl": "hard forms by an author who had not seen the finder, development",
    "personal_judge.jsonl": "hard forms, first judging set, read since",
    "personal_judge2.jsonl": "hard forms, second judging set, read since",
    "personal_judge3.jsonl": "hard forms, third judging set, read since",
    "personal_asr.jsonl": "the ten samples as recognised",
}
JUDGES = {
    "personal_judge4.jsonl": "calls of two authors",
    "personal_judge5.jsonl": "calls of two other authors",
    "personal_judge6.jsonl": "ordinary calls of one author",
    "personal_judge7.jsonl": "calls of two more authors",
    "personal_judge8.jsonl": "ordinary calls of another author",
    "personal_judge9.jsonl": "calls of two further authors",
    "personal_judge10.jsonl": "calls of two authors again",
}
_CALL_CHARACTERS = 1_700
_ROUNDS = 5


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judge", action="store_true", help="score the judging sets too")
    parser.add_argument("--list", action="store_true", help="print every miss and every false find of the other sets")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}")
    labelled = read_annotated(DIALOGUES / "personal.jsonl")
    speed_lines = speed(labelled)
    sets = dict(SETS) | (JUDGES if options.judge else {})
    for name, title in sets.items():
        if not (DIALOGUES / name).exists():
            continue
        calls = read_annotated(DIALOGUES / name)
        show(title, calls, listed=options.list and name not in JUDGES)
        show(
            f"{title}, without punctuation",
            [without_marks(call) for call in calls],
            listed=options.list and name not in JUDGES,
        )
    show(
        "names and places by jieba's kinds of words alone, labelled calls",
        labelled,
        listed=False,
        finder=by_kinds_of_words,
    )
    print("\n## speed\n", *speed_lines, sep="\n")


def by_kinds_of_words(transcript: Transcript) -> list[PersonalSpan]:
    """Every word that jieba calls a person's or a place's name: what part-of-speech tags alone would mask."""
    import rjieba

    kinds = {"nr": PersonalKind.NAME, "ns": PersonalKind.ADDRESS}
    found: list[PersonalSpan] = []
    for turn in transcript.turns:
        at = 0
        for word, tag in rjieba.tag(turn.text):
            if tag in kinds:
                found.append(PersonalSpan(turn.index, at, at + len(word), kinds[tag], word))
            at += len(word)
    return found


def show(title: str, calls: Sequence[AnnotatedCall], *, listed: bool, finder: Finder = find_personal) -> None:
    """Prints the table of ``calls``, and what was missed or found wrongly where that may be looked at."""
    measured = measure(calls, finder)
    print(f"\n## {title}\n", *table(measured), sep="\n")
    characters = sum(call.transcript.character_count for call in calls)
    print(f"\n{len(measured.false_finds)} false finds in {len(calls)} calls, {characters} characters")
    if listed:
        for head, lines in (
            ("missed", measured.misses),
            ("false", measured.false_finds),
            ("called something else", measured.wrong_kinds),
        ):
            print(f"\n{head}:", *lines, sep="\n")


def speed(calls: Sequence[AnnotatedCall]) -> list[str]:
    """Lines: the time of the first call, of one of ``calls``, and of 1,700 characters made of them put end to end."""
    begin = perf_counter()
    find_personal(calls[0].transcript)
    lines = [f"first call with loading {perf_counter() - begin:.2f} s by the clock; processor time of one thread:"]
    for title, transcripts in (
        ("calls as they are", [call.transcript for call in calls]),
        ("calls put end to end", _long_calls(calls)),
    ):
        times_ms = sorted(_times_ms(transcripts))
        characters = statistics.median(transcript.character_count for transcript in transcripts)
        lines.append(
            f"{len(transcripts)} {title}, {characters:.0f} characters (median): median "
            f"{statistics.median(times_ms):.2f} ms, 95th percentile {times_ms[int(len(times_ms) * 0.95)]:.2f} ms"
        )
    return lines


def _times_ms(transcripts: Sequence[Transcript]) -> Iterator[float]:
    with threadpool_limits(1, user_api="blas"):
        for transcript in [*transcripts] * _ROUNDS:
            begin = process_time()
            find_personal(transcript)
            yield (process_time() - begin) * 1000


def _long_calls(calls: Sequence[AnnotatedCall]) -> list[Transcript]:
    made: list[Transcript] = []
    turns: list[Turn] = []
    for call in calls:
        turns += (replace(turn, index=len(turns) + place) for place, turn in enumerate(call.transcript.turns))
        if sum(len(turn.text) for turn in turns) >= _CALL_CHARACTERS:
            made.append(Transcript(tuple(turns), float(len(turns))))
            turns = []
    return made


if __name__ == "__main__":
    sys.exit(main())
