"""One call as a page and as a workbook."""

from collections.abc import Iterator

from pipeline.domain.results import BilingualText
from pipeline.reports import words
from pipeline.reports.case_model import CardLine, CaseReport, Finding
from pipeline.reports.case_words import ANSWERS, APPEALS, DIRECTIONS, LABELS, ROLES, TASKS, figure, verdict_of
from pipeline.reports.cells import Cell, Sheet, rate
from pipeline.reports.page import Say, common, saying, template


def render_case(case: CaseReport, lang: str, *, whole: bool = True) -> str:
    """The page in Chinese (``zh``) or English (``en``); without ``whole`` what is in its ``<body>``."""
    say = saying(lang)
    return template("case.html").render(
        case=case,
        title=BilingualText(case.name, case.name),
        facts=_facts(case, say),
        labels=LABELS,
        w=lambda name: say(LABELS[name]),
        card_lines=_by_category(case),
        titles=words.TITLES,
        roles=ROLES,
        answers=ANSWERS,
        appeals=APPEALS,
        tasks=TASKS,
        verdict_of=verdict_of,
        figure=figure,
        seconds=words.seconds,
        **common(lang, whole=whole),
    )


def _facts(case: CaseReport, say: Say) -> list[tuple[str, str]]:
    """What metadata tell, known fields first; the customer's number is not printed."""
    facts = case.facts
    found = [(name, getattr(facts, name)) for name in ("agent", "team", "skill", "queue")]
    written = [(name, str(value)) for name, value in found if value is not None]
    if facts.direction is not None:
        written.append(("direction", say(DIRECTIONS[facts.direction])))
    if facts.survey_score is not None:
        written.append(("survey_score", f"{facts.survey_score:g}"))
    return written + sorted((str(name), str(value)) for name, value in facts.extra.items())


def _by_category(case: CaseReport) -> list[tuple[BilingualText, list[CardLine]]]:
    found: dict[BilingualText, list[CardLine]] = {}
    for one in case.lines:
        found.setdefault(one.category, []).append(one)
    return list(found.items())


def case_sheets(case: CaseReport, lang: str) -> Iterator[Sheet]:
    """The workbook: summary, findings, scorecard, transcript."""
    say = saying(lang)
    rows: list[list[Cell]] = [[case.name, say(case.lead)], ["id", case.id]]
    rows.append(["start", f"{case.started_at:%Y-%m-%d %H:%M:%S} ({case.zone})" if case.started_at else None])
    rows += [[say(LABELS[name]) if name in LABELS else name, value] for name, value in _facts(case, say)]
    rows += [[say(one.title), figure(one)] for one in case.measures]
    rows += [[say(TASKS[one.task]), rate(one.probability)] for one in case.expected]
    rows += [[say(LABELS["comments"]), one] for one in case.comments]
    rows += [["link", case.link]] if case.link else []
    yield (
        say(BilingualText("摘要", "Summary")),
        [say(BilingualText("项目", "item")), say(BilingualText("内容", "content"))],
        rows,
    )
    heads = [say(LABELS[name]) for name in ("what", "class", "verdict")]
    heads = ["id", *heads, "start s", "end s", say(LABELS["agent"]), say(LABELS["evidence"]), "link"]
    yield say(LABELS["findings"]), heads, [row for one in case.findings for row in _finding(one, say)]
    heads = [say(LABELS[name]) for name in ("card", "item", "answer", "rules_said", "points")]
    yield say(LABELS["card"]), [*heads, "max"], [_line(one, say) for one in case.lines]
    turns: list[list[Cell]] = [
        [one.start_s, say(ROLES[one.role]), say(one.text), "■" if one.marked else ""] for one in case.transcript
    ]
    yield (
        say(LABELS["transcript"]),
        ["s", say(LABELS["agent"]), say(LABELS["transcript"]), say(LABELS["evidence"])],
        turns,
    )


def _finding(one: Finding, say: Say) -> Iterator[list[Cell]]:
    head: list[Cell] = [one.rule_id, say(one.title), say(words.TITLES[one.error_class]), say(verdict_of(one))]
    for piece in one.pieces:
        yield [*head, piece.start_s, piece.end_s, say(ROLES[piece.role]), say(piece.quote), piece.link]
    if not one.pieces:
        yield head


def _line(one: CardLine, say: Say) -> list[Cell]:
    automatic = say(ANSWERS[one.automatic]) if one.automatic is not None else ""
    return [say(one.category), say(one.title), say(ANSWERS[one.answer]), automatic, one.got, one.most]
