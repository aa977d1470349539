"""Lint of lists: phrases and alternatives that another of the same list already covers, or that can never count."""

import re
from collections.abc import Callable, Iterator, Sequence

from pipeline.domain.results import BilingualText
from pipeline.text.normalise import normalise
from rules.lint.findings import Kind, Report
from rules.lint.texts import Path, Written, expressions_of, phrases_of
from rules.operators.base import Spec
from rules.operators.phrase import PhraseSpec, spoken_form

Say = Callable[[str, str], tuple[BilingualText, BilingualText]]
"""What is wrong and what to do, said of a text and the one that makes it needless."""
_PLAIN = re.compile(r"[^\\.^$*+?{}\[\]|()]+")


def lint_lists(spec: Spec, path: Path, report: Report) -> None:
    """Everything in the lists of one operator that changes nothing."""
    lists = list(phrases_of(spec, path))
    for phrases in lists:
        _lint_covered(phrases, report, all_needed=isinstance(spec, PhraseSpec) and spec.all is not None)
    if isinstance(spec, PhraseSpec):
        _lint_exceptions([phrase for phrases in lists for phrase in phrases], report)
    for excepted in (False, True):
        _lint_alternatives([one for one in expressions_of(spec, path) if one.is_exception is excepted], report)


def _lint_covered(phrases: Sequence[Written], report: Report, *, all_needed: bool) -> None:
    for index, phrase in enumerate(phrases):
        for other, by in enumerate(phrases):
            say = _redundancy(phrase, by, all_needed=all_needed) if other != index else None
            # Of two equal ones only the second is too many.
            if say is None or (other > index and _redundancy(by, phrase, all_needed=all_needed) is not None):
                continue
            report.add(phrase.path, Kind.DEAD_BRANCH, *say(phrase.text, by.text))
            break


def _redundancy(phrase: Written, by: Written, *, all_needed: bool) -> Say | None:
    """How to say that ``phrase`` changes nothing beside ``by``; ``None`` where it does."""
    form, other = spoken_form(phrase.text), spoken_form(by.text)
    if all_needed and form in other and (phrase.by_sound or not by.by_sound):
        return _twice if form == other else _implied
    if not all_needed and other in form and (by.by_sound or not phrase.by_sound):
        if form == other:
            return _twice
        # A longer exception excuses finds that overlap only its longer part.
        return None if phrase.is_exception else _covered
    return None


def _twice(text: str, by: str) -> tuple[BilingualText, BilingualText]:
    return (
        BilingualText(
            f"「{text}」和「{by}」是同一句话，写了两遍", f"'{text}' and '{by}' are the same words, given twice"
        ),
        BilingualText("留一个", "keep one"),
    )


def _covered(text: str, by: str) -> tuple[BilingualText, BilingualText]:
    return (
        BilingualText(
            f"「{text}」里已经有「{by}」，多写这一个不会多命中",
            f"'{text}' contains '{by}' of the same list, so it adds no hits",
        ),
        BilingualText(
            f"去掉「{text}」；若只想要长的，去掉「{by}」", f"remove '{text}', or '{by}' if only the longer is meant"
        ),
    )


def _implied(text: str, by: str) -> tuple[BilingualText, BilingualText]:
    return (
        BilingualText(
            f"说了「{by}」就说了「{text}」，不必再要求", f"who says '{by}' has said '{text}': it asks nothing more"
        ),
        BilingualText(f"去掉「{text}」", f"remove '{text}'"),
    )


def _lint_exceptions(phrases: Sequence[Written], report: Report) -> None:
    exceptions = [phrase for phrase in phrases if phrase.is_exception]
    counted = [phrase for phrase in phrases if not phrase.is_exception]
    for phrase in counted:
        for exception in exceptions:
            if spoken_form(exception.text) in spoken_form(phrase.text):
                what = BilingualText(
                    f"「{phrase.text}」里就有例外「{exception.text}」，永远不算",
                    f"'{phrase.text}' contains the exception '{exception.text}', so it never counts",
                )
                remedy = BilingualText(
                    "例外要比词语长，如 不投诉 之于 投诉", "an exception is longer than what it excuses"
                )
                report.add(phrase.path, Kind.DEAD_BRANCH, what, remedy)
                break
    if any(phrase.by_sound for phrase in counted):
        return
    for exception in exceptions:
        if not any(_can_overlap(spoken_form(exception.text), spoken_form(phrase.text)) for phrase in counted):
            what = BilingualText(
                f"例外「{exception.text}」碰不到这里的任何词语，不起作用",
                f"the exception '{exception.text}' shares no words with any phrase here, so it does nothing",
            )
            remedy = BilingualText(
                "把词语写进例外里，或去掉它；不在同一处的用 unless",
                "put the phrase's words into it or remove it; for words elsewhere use unless",
            )
            report.add(exception.path, Kind.DEAD_BRANCH, what, remedy)


def _can_overlap(one: str, other: str) -> bool:
    if one in other or other in one:
        return True
    lengths = range(1, min(len(one), len(other)))
    return any(one.endswith(other[:n]) or other.endswith(one[:n]) for n in lengths)


def _lint_alternatives(expressions: Sequence[Written], report: Report) -> None:
    """Alternatives of all expressions of one list: any of them counts."""
    seen: list[str] = []
    for expression in expressions:
        for alternative in alternatives(normalise(expression.text).text):
            by = next((other for other in seen if _covers(other, alternative)), None)
            if by is not None:
                say = _twice if by == alternative else _covered
                report.add(expression.path, Kind.DEAD_BRANCH, *say(alternative, by))
            seen.append(alternative)


def _covers(one: str, other: str) -> bool:
    if one == other:
        return True
    # A longer one that comes first gives the longer quote; only one that comes too late is of no use.
    return _PLAIN.fullmatch(one) is not None and _PLAIN.fullmatch(other) is not None and one in other


def alternatives(source: str) -> Iterator[str]:
    """The parts of an expression between ``|`` outside of any group.

    >>> list(alternatives("投诉|(?:a|b)c|[|]"))
    ['投诉', '(?:a|b)c', '[|]']
    """
    start, depth, in_class, position = 0, 0, False, 0
    while position < len(source):
        character = source[position]
        if character == "\\":
            position += 1
        elif in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            position += source[position + 1 : position + 3].startswith(("]", "^]")) * 1
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and depth == 0:
            yield source[start:position]
            start = position + 1
        position += 1
    yield source[start:]
