"""What follows from names that were found: spellings, repetitions, whose surname it is. And names in English."""

import re
from collections.abc import Collection, Iterator, Sequence

from pipeline.privacy.find_cues import Heard
from pipeline.privacy.find_english import names_in_english
from pipeline.privacy.find_name_forms import HAN, LONGEST, Part, Place, is_name, is_word
from pipeline.privacy.find_said import Said
from pipeline.privacy.find_surnames import COMPOUND, NOT_GIVEN, SURNAMES

_SPELT = re.compile("([一-鿿]{2,5})的(?=([一-鿿]{1,2}))")
_LATIN = re.compile("[a-z]{2} [a-z]")
_ENGLISH = re.compile(
    r"(?<![a-z])(?:(?:my|full|her|his|the) name(?: is|'s)|name is|this is|i am|i'm|ask for|"
    r"speaking with|mr\.?|mrs\.?|ms\.?|miss|dr\.?) "
    r"(?=[a-z])"
)
_ENGLISH_NAME = re.compile(
    r"(?!(?:Mr|Mrs|Ms|Miss|Dr|Yes|No|Sure|Okay|Thanks|It|The|My|You|Your|Calling|"
    r"From)\b)[A-Z][A-Za-z'’\-]+(?: (?!And\b|My\b|I\b)[A-Z][A-Za-z'’\-]+){0,2}"
)
_PINYIN = re.compile(r"[A-Z][A-Za-z]+ [A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)?")


def name_in_pinyin(said: Said, at: int) -> Iterator[Place]:
    name = _PINYIN.match(said.original(at, min(len(said.text), at + 40))) if at < len(said.text) else None
    if name is not None:
        yield at, at + name.end()


def spellings(text: str, parts: Sequence[Part], places: Sequence[Place]) -> list[Place]:
    """耳东陈, 芳草的芳: how the characters of a name that was said are written."""
    characters = {character for start, end in places for character in text[start:end] if HAN.match(character)}
    found: list[Place] = []
    if not characters:
        return found
    for start, end, name in parts:
        known = (
            len(name) == 3
            and name[-1] in characters
            and name[-1] in SURNAMES
            and name[1] != "的"
            and name[0] not in NOT_GIVEN
        )
        if known and not any(start < last and first < end for first, last in places):
            found.append((start, end))
    for match in _SPELT.finditer(text):
        phrase, meant = match.groups()
        if "个" in phrase:
            continue
        for length in (2, 1):
            if (said_again := meant[:length]) in phrase and all(character in characters for character in said_again):
                start = _phrase_start(text, match.start(1), phrase, said_again)
                found.append((start, match.end() + len(said_again)))
                break
    return found


def _phrase_start(text: str, start: int, phrase: str, meant: str) -> int:
    """Without what only leads in: 是芳草的芳."""
    while len(phrase) > 2 and phrase[0] in "是就叫我那个姓" and meant in phrase[1:]:
        phrase = phrase[1:]
        start += 1
    return start


def repetitions(said: Said, places: Sequence[Place]) -> list[Place]:
    """Every other place of the full names that were found, and of the given names of two characters."""
    text = said.text
    names = {text[start:end] for start, end in places}
    wanted = {name for name in names if 2 <= len(name) <= LONGEST and is_name(name, sure=True)}
    wanted |= {name for name in names if len(name) == 3 and name[-1] in SURNAMES}
    wanted |= {name[1:] for name in wanted if len(name) == 3 and name[:2] not in COMPOUND and not is_word(name[1:])}
    found: list[Place] = []
    taken = set(places)
    for name in sorted(wanted, key=lambda name: (-len(name), name)):
        at = text.find(name)
        while at >= 0:
            if not any(start <= at < end for start, end in taken):
                taken.add((at, at + len(name)))
                found.append((at, at + len(name)))
            at = text.find(name, at + 1)
    return found


def english_names(said: Said, heard: Sequence[Heard]) -> Iterator[Place]:
    """Names in English, which the speech model writes with capitals."""
    if " " not in said.text or _LATIN.search(said.text) is None:
        return
    yield from names_in_english(said, heard)
    for match in _ENGLISH.finditer(said.text):
        name = _ENGLISH_NAME.match(said.original(match.end(), min(len(said.text), match.end() + 40)))
        if name is not None:
            yield match.end(), match.end() + name.end()


def owners(names: Collection[str]) -> dict[str, str]:
    """For a surname or a given name alone the full name, where only one was said that it can belong to.

    >>> owners({"王", "王小芳", "小芳", "李"})
    {'小芳': '王小芳', '王': '王小芳'}
    """
    full = [name for name in names if len(name) > 1 and name not in COMPOUND]
    values: dict[str, str] = {}
    for name in sorted(names):
        owners = [other for other in full if other != name and (other.startswith(name) or other.endswith(name))]
        if len(owners) == 1:
            values[name] = owners[0]
    return values
