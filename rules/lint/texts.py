"""Lint of what is written in words and expressions: what can never match, or matches less than it seems to."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline.domain.results import BilingualText
from pipeline.text.normalise import normalise
from pipeline.text.numbers import digit_form
from pipeline.text.spoken import without_punctuation
from rules.lint.findings import Kind, Report
from rules.operators.base import Spec
from rules.operators.near import NearSpec
from rules.operators.phrase import PhraseItem, PhraseSpec, spoken_form
from rules.operators.regex import RegexSpec
from rules.operators.word_rate import WordRateSpec
from rules.patterns import SEARCH_LIMIT_S, pattern

Path = tuple[str | int, ...]
_EXPLOSIVE = 1e15
"""Steps that only repeats inside repeats reach. Some bounded gaps in a row come to 10⁷ and take under a millisecond."""
_HAN = "\u3400-\u9fff"
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_ESCAPE = re.compile(r"\\.")
_BLANK = re.compile(rf"(?<=[{_HAN}]) +(?=[^*+?{{]|$)| +(?=[{_HAN}])")
_OPEN_REPEAT = re.compile(r"(?<!\\)\.(?:[*+]|\{\d+,\})")
_BOUNDARY = re.compile(r"(?<!\\)(?:\\\\)*\\b")
_OPERATORS = frozenset("()?+*.|[]{}^$\\")
_NUMBER = re.compile(r"[0-9]+%?|[零〇幺一二两三四五六七八九十百千万亿点分之]{2,}")


class Written(NamedTuple):
    """A phrase as its author wrote it."""

    path: Path
    text: str
    by_sound: bool = False
    is_exception: bool = False


def phrases_of(spec: Spec, path: Path) -> Iterator[tuple[Written, ...]]:
    """The lists of phrases in an operator's specification."""
    if isinstance(spec, PhraseSpec):
        for name in ("any", "all", "none", "of"):
            given = getattr(spec, name)
            if given is not None:
                yield tuple(_written(given, (*path, name), by_sound=spec.by_sound))
        yield tuple(_written(spec.except_, (*path, "except"), is_exception=True))
    elif isinstance(spec, NearSpec):
        yield tuple(_written(spec.words, (*path, "words")))
        yield tuple(_written(spec.to, (*path, "to")))
    elif isinstance(spec, WordRateSpec):
        yield tuple(_written(spec.phrases, (*path, "phrases")))


def _written(
    given: str | Sequence[str | PhraseItem], path: Path, *, by_sound: bool = False, is_exception: bool = False
) -> Iterator[Written]:
    if isinstance(given, str):
        yield Written(path, given, by_sound, is_exception)
        return
    for index, item in enumerate(given):
        if isinstance(item, str):
            yield Written((*path, index), item, by_sound, is_exception)
        else:
            yield Written((*path, index, "text"), item.text, item.by_sound, is_exception)


def expressions_of(spec: Spec, path: Path) -> Iterator[Written]:
    """The regular expressions in an operator's specification."""
    if isinstance(spec, RegexSpec):
        yield from _written(spec.pattern, (*path, "pattern"))
        yield from _written(spec.except_, (*path, "except"), is_exception=True)


def lint_texts(spec: Spec, path: Path, report: Report) -> None:
    """Everything doubtful in the words and expressions of one operator."""
    for phrases in phrases_of(spec, path):
        forms = [spoken_form(phrase.text) for phrase in phrases]
        for phrase in phrases:
            _lint_phrase(phrase, forms, report)
    expressions = list(expressions_of(spec, path))
    for expression in expressions:
        _lint_expression(expression, report)
    for excepted in (False, True):
        _lint_expression_digits([one for one in expressions if one.is_exception is excepted], report)


def _lint_phrase(phrase: Written, forms: Sequence[str], report: Report) -> None:
    plain = without_punctuation(phrase.text.lower().replace(" ", ""))
    normal = spoken_form(phrase.text)
    if normal.replace(" ", "") != without_punctuation(_half_width_marks(plain)):
        report.add(phrase.path, Kind.NOT_NORMALISED, *_not_normalised(phrase.text, normal))
    other = _other_digits(normal, forms)
    if other is not None and not phrase.is_exception:
        report.add(phrase.path, Kind.ONE_DIGIT_FORM, *_one_form(normal, other))


def _half_width_marks(text: str) -> str:
    """Full-width marks are how Chinese is written, and phrases ignore them anyway."""
    return "".join(character for character in text if character not in "，。？！、：；（）　")


def _not_normalised(written: str, normal: str) -> tuple[BilingualText, BilingualText]:
    return (
        BilingualText(
            f"「{written}」用了繁体或全角字符，规范化后的文本里不会有；按「{normal}」理解",
            f"'{written}' has traditional or full-width characters, which normalised text never has; "
            f"it is read as '{normal}'",
        ),
        BilingualText(f"写成「{normal}」", f"write '{normal}'"),
    )


def _other_digits(normal: str, forms: Sequence[str]) -> str | None:
    """The other way of writing the numbers in a phrase, where no phrase of the list has it."""
    spoken = digit_form(normal)
    if spoken is not None:
        return None if spoken.text in forms else spoken.text
    if not re.search(r"[0-9]", normal):
        return None
    for form in forms:
        digits = digit_form(form)
        if digits is not None and digits.text == normal:
            return None
    return re.sub(r"[0-9]", lambda digit: "零幺二三四五六七八九"[int(digit.group())], normal)


def _one_form(written: str, other: str) -> tuple[BilingualText, BilingualText]:
    return (
        BilingualText(
            f"「{written}」里的数字只有一种写法，转写也会写成「{other}」",
            f"'{written}' has its number in one form only; transcripts also write '{other}'",
        ),
        BilingualText(
            f"再加上「{other}」，或者用 regex 写阿拉伯数字（两种写法都认）",
            f"add '{other}', or use regex with digits 0-9, which reads both",
        ),
    )


def _lint_expression(expression: Written, report: Report) -> None:
    source, path = expression.text, expression.path
    analysed = pattern(source)
    if analysed.steps >= _EXPLOSIVE:
        report.add(path, Kind.EXPLOSIVE_REGEX, *_explosive())
    elif _OPEN_REPEAT.findall(source)[2:]:
        report.add(path, Kind.EXPLOSIVE_REGEX, *_open_repeats())
    outside = _CLASS.sub("", source)
    odd = [one for one in dict.fromkeys(source) if _folds(one) and (one.isalnum() or one in outside)]
    if odd:
        report.add(path, Kind.NOT_NORMALISED, *_odd_characters(odd))
    if _BLANK.search(_CLASS.sub("\x00", source)) is not None and "(?x" not in source:
        report.add(
            path,
            Kind.BLANK_IN_CHINESE,
            BilingualText(
                "汉字旁边的空格：规范化后的文本里没有，永远匹配不到",
                "a blank beside a Chinese character: normalised text has none there, so this never matches",
            ),
            BilingualText("去掉空格", "remove the blank"),
        )
    if _BOUNDARY.search(source) is not None:
        report.add(
            path,
            Kind.WORD_BOUNDARY,
            BilingualText(
                r"\b 在中文里没有词的边界：汉字都算字母，只在标点和一句话的两端成立",
                r"\b knows no words in Chinese: characters count as letters, so it holds only at punctuation and ends",
            ),
            BilingualText(
                "去掉它；英文词用 (?<![a-z])…(?![a-z])，中文用 except 排除",
                "remove it; for Latin words use (?<![a-z])…(?![a-z]), for Chinese name what to leave out in except",
            ),
        )


def _folds(character: str) -> bool:
    """Whether a character has another normal form that matters: full-width marks are read as the plain ones."""
    normal = normalise(character).text
    differs = not character.isspace() and normal != character.lower()
    return differs and (character.isalnum() or normal in _OPERATORS)


def _explosive() -> tuple[BilingualText, BilingualText]:
    limit_ms = SEARCH_LIMIT_S * 1000
    return (
        BilingualText(
            f"重复里还有重复，一句长话里可能的分法数不清；限时 {limit_ms:.0f} 毫秒，超时算出错",
            f"repeats within a repeat: a long turn can be split in countless ways; stopped after {limit_ms:.0f} ms, "
            "which is an error outcome",
        ),
        BilingualText(
            "留一层重复，或写明次数，如 (a+)+ 写成 a+，(甲|乙)* 写成 (甲|乙){0,3}",
            "keep one of the repeats or bound it: a+ for (a+)+, (a|b){0,3} for (a|b)*",
        ),
    )


def _open_repeats() -> tuple[BilingualText, BilingualText]:
    limit_ms = SEARCH_LIMIT_S * 1000
    return (
        BilingualText(
            f"连着三个以上没有上限的 .*，长话里很慢；限时 {limit_ms:.0f} 毫秒，超时算出错",
            f"three or more open repeats of any character are slow in a long turn; stopped after {limit_ms:.0f} ms, "
            "which is an error outcome",
        ),
        BilingualText("给它们加上限，如 .{0,10}", "bound them, as in .{0,10}"),
    )


def _odd_characters(odd: Iterable[str]) -> tuple[BilingualText, BilingualText]:
    pairs = [(character, normalise(character).text) for character in odd]
    written = "".join(character for character, _ in pairs)
    normal = "".join(folded for _, folded in pairs)
    what = BilingualText(
        f"「{written}」是繁体或全角字符，规范化后的文本里不会有；按「{normal}」理解",
        f"'{written}' are traditional or full-width characters, which normalised text never has; read as '{normal}'",
    )
    operators = "".join(folded for _, folded in pairs if folded in _OPERATORS)
    if operators:
        return what, BilingualText(
            f"要用作正则符号，请写半角 {operators}；全角的只当普通字符",
            f"as an operator write the half-width {operators}: the full-width one is a plain character",
        )
    return what, BilingualText(f"写成「{normal}」", f"write '{normal}'")


def _lint_expression_digits(expressions: Sequence[Written], report: Report) -> None:
    """Numbers spelled out in an expression that names no digits, so that it is not run on digits at all."""
    if any(pattern(expression.text).reads_digits for expression in expressions):
        return
    for expression in expressions:
        text = _ESCAPE.sub("\x00", _CLASS.sub("\x00", normalise(expression.text).text))
        for number in _NUMBER.finditer(text):
            digits = digit_form(number.group())
            if digits is not None and digits.text != number.group():
                report.add(expression.path, Kind.ONE_DIGIT_FORM, *_one_form(number.group(), digits.text))
                break
