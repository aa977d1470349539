"""Reading a client's scores from a CSV file."""

import csv
from collections.abc import Mapping
from pathlib import Path

from pipeline.domain.calibration import CLEAR, VIOLATED, Subject, SubjectKind
from pipeline.domain.errors import ConfigError
from pipeline.domain.results import BilingualText
from pipeline.domain.scores import Answer, CardItem
from pipeline.review.card_view import name_of
from pipeline.scoring.cards import load_default_card
from pipeline.store.calibration_external import ClientScore, Unmatched

COLUMNS = ("recording", "item", "score")
WORDS: Mapping[str, str] = {
    **{answer.value: answer.value for answer in Answer},
    **dict.fromkeys(("y", "1", "true", "是", "有", "违规"), Answer.YES),
    **dict.fromkeys(("n", "0", "false", "否", "没有", "无"), Answer.NO),
    **dict.fromkeys(("优", "优秀"), Answer.EXCELLENT),
    **dict.fromkeys(("中", "一般"), Answer.FAIR),
    **dict.fromkeys(("待改进", "差", "needs improvement", "needs work"), Answer.NEEDS_IMPROVEMENT),
    **dict.fromkeys(("n/a", "na", "不适用"), Answer.N_A),
}
"""What clients write, in small letters."""


def read_scores(file: Path, rules: set[str]) -> tuple[list[ClientScore], list[Unmatched]]:
    """The scores of the file, and the lines that cannot be read, with why.

    Args:
        file: columns ``recording``, ``item`` (a rule's or an item's id) and ``score``: a word, or an item's points.
        rules: ids that are rules.

    Raises:
        ConfigError: it is no such file.
    """
    items = {item.id: item for item in load_default_card().items}
    card = name_of(load_default_card())
    scores, bad = [], []
    for line, row in _rows(file):
        call, named, said = (row[column].strip() for column in COLUMNS)
        plain = named.removeprefix(f"{card}:")
        if named in rules:
            subject, value = Subject(SubjectKind.RULE, named), _rule_value(said)
        elif plain in items:
            subject, value = Subject(SubjectKind.ITEM, plain, card), _item_value(items[plain], said)
        else:
            bad.append(Unmatched(line, call, named, BilingualText("没有这条规则或评分项", "no such rule or item")))
            continue
        if value is None:
            why = BilingualText(f"看不懂的分数 {said!r}", f"the score {said!r} is none that it can have")
            bad.append(Unmatched(line, call, named, why))
        else:
            scores.append(ClientScore(line, call, subject, value))
    return scores, bad


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8: save it as CSV UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from error
    reader = csv.DictReader(text.splitlines())
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise ConfigError(f"{file}:1: no column {', '.join(missing)}; it needs recording, item and score")
    return [(reader.line_num, {column: row[column] or "" for column in COLUMNS}) for row in reader]


def _rule_value(said: str) -> str | None:
    value = WORDS.get(said.casefold())
    return value if value in (VIOLATED, CLEAR) else None


def _item_value(item: CardItem, said: str) -> str | None:
    """The answer that the word or the points mean. Points come first: 0 of 20 is the lowest grade, not a no."""
    if said.isdecimal() and int(said) in item.points:
        return item.scale.grades[item.points.index(int(said))]
    value = WORDS.get(said.casefold())
    return value if value in item.answers else None
