"""Prints the phrase counts that ``pipeline/asr/phrases.tsv`` holds, from labelled calls (JSONL) as in the design.

    python benchmarks/asr_phrases.py ../shared/data/labelled_calls.jsonl > pipeline/asr/phrases.tsv

The sample calls, by which recognition is judged, must never be among them.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from pipeline.asr.homophones import count_phrases


def turn_texts(path: Path) -> Iterator[str]:
    """The text of every turn of every call in ``path``."""
    for line in path.read_text(encoding="utf-8").splitlines():
        for turn in json.loads(line)["turns"]:
            yield turn["text"]


def main() -> None:
    """Print one phrase and its count a line, the most frequent first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calls", type=Path)
    counts = count_phrases(turn_texts(parser.parse_args().calls))
    for phrase, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{phrase}\t{count}")


if __name__ == "__main__":
    main()
