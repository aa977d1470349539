"""`earmark calibrate`: the rows that it prints, as data or as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pipeline.domain.calibration import Calibration, Drift, Subject, SubjectKind, Trust
from pipeline.domain.intervals import Interval
from pipeline.domain.results import BilingualText
from pipeline.review import calibration_view as views
from pipeline.review.card_view import name_of
from pipeline.scoring.cards import load_default_card
from pipeline.store.calibration_gold import gold_of
from pipeline.store.calibration_results import TrustTable, opinions_of
from pipeline.store.call_recording import names_of
from pipeline.store.listings import rule_titles

if TYPE_CHECKING:
    from pipeline.store.calibration_external import Compared
    from pipeline.store.database import Database


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in a list."""

    number: int
    name: str
    begun_at: datetime
    closed_at: datetime | None
    calls: int
    deleted: int
    chosen_zh: str
    chosen_en: str
    reviewers: tuple[str, ...]
    """Logins."""
    finished: tuple[int, ...]
    """Calls that each of them is through with."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call of a session; figures are empty while it is open."""

    recording: str
    id: str
    judged: int | None
    differ: int | None
    gold: int | None


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """Agreement on one thing."""

    kind: str
    subject: str
    title_zh: str
    title_en: str
    calls: int
    judgements: int
    reviewers: int
    all_alike: int
    all_alike_low: float | None
    all_alike_high: float | None
    coefficient: str | None
    """``kappa`` or ``alpha``; empty where nobody judged it."""
    value: float | None
    low: float | None
    high: float | None
    state: str
    """``trusted``, ``doubtful`` or ``unknown``."""
    why_zh: str
    why_en: str


@dataclass(frozen=True, slots=True)
class OpinionRow:
    """What one person said of one thing on a call."""

    kind: str
    subject: str
    title_zh: str
    reviewer: str
    value: str | None
    start_s: float | None
    quote: str | None
    reason: str | None
    text: str | None
    at: datetime | None
    differ: bool
    gold: str | None


@dataclass(frozen=True, slots=True)
class DriftRow:
    """Somebody's agreement with gold in one period."""

    reviewer: str
    period: str
    same: int
    n: int
    rate: float | None
    low: float | None
    high: float | None
    chance: float | None
    """Of the last period against those before; empty on earlier rows."""
    says_zh: str | None
    says_en: str | None


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A client's scores of one thing beside ours."""

    kind: str
    subject: str
    title_zh: str
    title_en: str
    calls: int
    alike: int
    value: float | None
    low: float | None
    high: float | None
    client_stricter: int
    client_milder: int
    chance: float
    bias_zh: str
    bias_en: str


def session_rows(sessions: Sequence[Calibration]) -> list[SessionRow]:
    """A row for each session."""
    return [
        SessionRow(
            one.id,
            one.name,
            one.created_at,
            one.closed_at,
            len(one.calls),
            one.deleted,
            one.chosen.zh,
            one.chosen.en,
            tuple(judge.login for judge in one.judges),
            tuple(judge.finished for judge in one.judges),
        )
        for one in sessions
    ]


def call_rows(database: "Database", session: Calibration) -> list[CallRow]:
    """A row for each call, those first on which people differ most."""
    names = names_of(database, session.calls)
    if session.open:
        return [CallRow(names[one], one, None, None, None) for one in session.calls]
    found = views.differing_calls(session, opinions_of(database, session.id), gold_of(database, session.id), names)
    return [CallRow(one.name, one.recording_id, one.judged, one.differ, one.gold) for one in found]


def agreement_rows(database: "Database", session: Calibration, level: float) -> list[AgreementRow]:
    """A row for each thing that was judged in the session."""
    found = views.agreement_rows(opinions_of(database, session.id), rule_titles(database), load_default_card(), level)
    return [_agreement_row(one.subject, one.title, one.trust) for one in found]


def _agreement_row(subject: Subject, title: BilingualText, trust: Trust) -> AgreementRow:
    found = trust.agreement
    alike_low, alike_high = _ends(found.agreed_interval if found else None)
    low, high = _ends(found.interval if found else None)
    return AgreementRow(
        kind=subject.kind.value,
        subject=subject.key,
        title_zh=title.zh,
        title_en=title.en,
        calls=found.calls if found else 0,
        judgements=found.judgements if found else 0,
        reviewers=found.people if found else 0,
        all_alike=found.agreed.part if found else 0,
        all_alike_low=alike_low,
        all_alike_high=alike_high,
        coefficient=found.coefficient.value if found else None,
        value=found.value if found else None,
        low=low,
        high=high,
        state=trust.state.value,
        why_zh=trust.why.zh,
        why_en=trust.why.en,
    )


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if interval is None else (interval.low, interval.high)


def opinion_rows(database: "Database", session: Calibration, recording_id: str) -> list[OpinionRow]:
    """What each person said of the call, what they differ on first."""
    opinions = opinions_of(database, session.id, recording_id=recording_id)
    golds = gold_of(database, session.id, recording_id)
    rows = views.side_by_side(session, opinions, golds, rule_titles(database), load_default_card(), {})
    return [
        _opinion_row(row, cell, judge.name)
        for row in rows
        for judge, cell in zip(session.judges, row.cells, strict=True)
    ]


def _opinion_row(row: views.SideBySide, cell: views.Cell, name: str) -> OpinionRow:
    entry = cell.opinion.entry if cell.opinion else None
    said = entry.said if entry else None
    return OpinionRow(
        kind=row.subject.kind.value,
        subject=row.subject.key,
        title_zh=row.title.zh,
        reviewer=name,
        value=cell.value,
        start_s=cell.start_s,
        quote=said.place.quote if said else None,
        reason=said.reason.value if said and said.reason else None,
        text=said.text if said else None,
        at=entry.at if entry else None,
        differ=row.differ,
        gold=row.gold.value if row.gold else None,
    )


def drift_rows(drifts: Sequence[Drift]) -> list[DriftRow]:
    """A row for each period of each person; the last says what to make of it."""
    rows = []
    for drift in drifts:
        for one in drift.periods:
            last = one is drift.periods[-1]
            rows.append(
                DriftRow(
                    drift.name,
                    one.period,
                    one.same,
                    one.of,
                    one.rate,
                    *_ends(one.interval),
                    drift.chance if last else None,
                    drift.sentence.zh if last else None,
                    drift.sentence.en if last else None,
                )
            )
    return rows


def trust_rows(database: "Database", table: TrustTable) -> list[AgreementRow]:
    """A row for each rule that ran and each item of the card, and for whatever else was judged."""
    titles, card = rule_titles(database), load_default_card()
    known = {Subject(SubjectKind.RULE, rule_id) for rule_id in titles}
    known |= {Subject(SubjectKind.ITEM, item.id, name_of(card)) for item in card.items}
    in_order = sorted(known | set(table.found), key=lambda one: (one.kind == SubjectKind.ITEM, one))
    return [_agreement_row(one, views.title_of(one, titles, card), table.of(one)) for one in in_order]


def compared_rows(database: "Database", compared: "Sequence[Compared]") -> list[ComparedRow]:
    """A row for each thing that both scored."""
    titles, card = rule_titles(database), load_default_card()
    rows = []
    for one in compared:
        title = views.title_of(one.subject, titles, card)
        rows.append(
            ComparedRow(
                one.subject.kind.value,
                one.subject.key,
                title.zh,
                title.en,
                one.agreement.calls,
                one.agreement.agreed.part,
                one.agreement.value,
                *_ends(one.agreement.interval),
                one.stricter,
                one.milder,
                one.chance,
                one.bias.zh,
                one.bias.en,
            )
        )
    return rows
