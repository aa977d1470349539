"""Labelled calls out of what people said: the form of docs/labels.md, a call a line."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from pipeline.domain.calls import METADATA_FIELDS, CallMetadata, Turn
from pipeline.domain.errors import ConfigError
from pipeline.domain.personal import shown
from pipeline.domain.results import Evidence
from pipeline.domain.reviews import (
    NOWHERE,
    Place,
    Review,
    ReviewKind,
    Standing,
    Verdict,
    in_force,
    spot_of,
    standing_of,
)
from pipeline.store import documents
from pipeline.store.database import Database
from pipeline.store.recordings import recording_of
from pipeline.store.results import piece_of
from pipeline.store.review_tables import accounts, reviews
from pipeline.store.reviews import reviews_of
from pipeline.store.tables import evidence, recordings, transcripts

PAGE = 200
ID_DIGITS = 12
"""Digits of the id behind a file name that several recordings share."""


@dataclass(frozen=True, slots=True)
class WantedLabels:
    """Which verdicts become labels; an empty field does not restrict."""

    since: datetime | None = None
    """Only verdicts given then or later."""
    rules: Sequence[str] = ()
    reviewer: str | None = None
    """Login: only verdicts of this person."""
    pseudonyms: bool = False
    """Name reviewers by a number instead of their login."""


@dataclass(frozen=True, slots=True)
class ExportedCall:
    """What became of one judged call."""

    recording: str
    """Its name in the export."""
    labels: Mapping[str, bool]
    unsure: int
    """Rules that were judged and have no label, since nobody was sure."""
    line: str | None
    """The JSON line; ``None`` where there is no label, or no transcript any more."""


def labelled_calls(database: Database, wanted: WantedLabels) -> Iterator[ExportedCall]:
    """Every judged call by recording id, a page at a time: memory does not grow with their number.

    A corrected turn has its corrected text and role, unless the call was transcribed anew since. Evidence is quoted
    only where the turn still holds the quote; of a corrected turn, what now stands in the quote's place.

    Raises:
        ConfigError: nobody has the login.
    """
    account_id = None if wanted.reviewer is None else _account_of(database, wanted.reviewer)
    wanted = wanted if wanted.since is None else replace(wanted, since=_in_utc(wanted.since))
    return _labelled_calls(database, wanted, account_id)


def _in_utc(moment: datetime) -> datetime:
    """The moment in UTC; the first or last there is where it lies outside of what UTC can say."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return (datetime.min if moment.year == 1 else datetime.max).replace(tzinfo=UTC)


def _labelled_calls(database: Database, wanted: WantedLabels, account_id: int | None) -> Iterator[ExportedCall]:
    last = ""
    while True:
        with database.reading() as connection:
            page = list(connection.execute(_judged(wanted, account_id, last)).scalars())
        entries = reviews_of(database, page)
        with database.reading() as connection:
            logins = {row.id: row.login for row in connection.execute(select(accounts.c.id, accounts.c.login))}
            rows = connection.execute(_calls(page)).all()
            shared = set(connection.execute(_shared_names([row.name for row in rows])).scalars())
            pieces = _evidence(connection, page)
        names = {row.id: f"{row.name}#{row.id[:ID_DIGITS]}" if row.name in shared else row.name for row in rows}
        for row in rows:
            said = _said(entries[row.id], wanted, account_id)
            yield _exported(row, names[row.id], said, pieces.get(row.id, {}), logins)
        if len(page) < PAGE:
            return
        last = page[-1]


def _account_of(database: Database, login: str) -> int:
    with database.reading() as connection:
        found: int | None = connection.execute(select(accounts.c.id).where(accounts.c.login == login)).scalar()
    if found is None:
        raise ConfigError(f"nobody has the login {login!r}: `earmark users list` names them")
    return found


def _judged(wanted: WantedLabels, account_id: int | None, last: str) -> Select[Any]:
    query = select(reviews.c.recording_id).distinct().where(reviews.c.kind == ReviewKind.VERDICT.value)
    if wanted.since is not None:
        query = query.where(reviews.c.at >= wanted.since)
    if wanted.rules:
        query = query.where(reviews.c.rule_id.in_(wanted.rules))
    if account_id is not None:
        query = query.where(reviews.c.account_id == account_id)
    return query.where(reviews.c.recording_id > last).order_by(reviews.c.recording_id).limit(PAGE)


def _calls(recording_ids: Sequence[str]) -> Select[Any]:
    return (
        select(
            recordings,
            transcripts.c.turns,
            transcripts.c.run_id.label("transcript_run"),
            transcripts.c.duration_s.label("transcript_s"),
        )
        .outerjoin(transcripts, transcripts.c.recording_id == recordings.c.id)
        .where(recordings.c.id.in_(recording_ids))
        .order_by(recordings.c.id)
    )


def _shared_names(names: Sequence[str]) -> Select[Any]:
    return (
        select(recordings.c.name)
        .where(recordings.c.name.in_(names))
        .group_by(recordings.c.name)
        .having(func.count() > 1)
    )


def _evidence(connection: Connection, recording_ids: Sequence[str]) -> dict[str, dict[str, list[Evidence]]]:
    """The pieces of evidence by call and rule, in their order."""
    query = select(evidence).where(evidence.c.recording_id.in_(recording_ids)).order_by(evidence.c.position)
    found: dict[str, dict[str, list[Evidence]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.recording_id, {}).setdefault(row.rule_id, []).append(piece_of(row))
    return found


@dataclass(frozen=True, slots=True)
class _Said:
    """What people said of one call."""

    entries: Sequence[Review]
    standing: Standing
    verdicts: Mapping[str, Review]
    """Those that are wanted."""
    pseudonyms: bool

    def labels(self) -> dict[str, bool]:
        """The label of each rule that has one."""
        truths = {
            rule_id: review.said.verdict.truth for rule_id, review in self.verdicts.items() if review.said.verdict
        }
        return {rule_id: truth for rule_id, truth in truths.items() if truth is not None}

    def labelled_by(self, rules: Mapping[str, bool], logins: Mapping[int, str]) -> str:
        """Who gave the labels: logins, or numbers that only the database can turn into people."""
        ids = sorted({self.verdicts[rule_id].said.account_id for rule_id in rules})
        return ", ".join(f"reviewer-{id_}" if self.pseudonyms else logins[id_] for id_ in ids)

    def places(self, rule_id: str, pieces: Sequence[Evidence]) -> list[Place]:
        """Where the call has what the rule looks for: pieces of its hit that were not rejected, and missed places."""
        whole: Verdict | None = None
        missed: list[Place] = []
        for entry in self.entries:
            said = entry.said
            if said.kind != ReviewKind.VERDICT or said.rule_id != rule_id:
                continue
            if said.verdict == Verdict.MISSED:
                missed.append(said.place)
            elif said.place == NOWHERE:
                whole = said.verdict
                # Whoever says that there is nothing means the places named before as well.
                missed = missed if whole is None or whole.truth is not False else []
        found = []
        for piece in pieces:
            place = Place(piece.turn, piece.char_start, piece.char_end, piece.start_s, piece.end_s, quote=piece.quote)
            alone = self.standing.spots.get(spot_of(rule_id, place))
            verdict = alone.said.verdict if alone is not None else whole
            if verdict == Verdict.CONFIRMED:
                found.append(place)
        return found + missed

    def corrected(self, turns: Sequence[Turn], transcript_run: str) -> dict[int, tuple[str, str]]:
        """Text and role of each turn, as corrected. A correction of an earlier transcript names other turns."""
        told = {turn.index: (turn.text, turn.role.value) for turn in turns}
        for index, entry in self.standing.corrections.items():
            if index not in told or entry.run_id != transcript_run:
                continue
            text, role = told[index]
            said = entry.said
            new_role = role if said.place.role is None else said.place.role.value
            told[index] = (text if said.text is None else said.text, new_role)
        return told


def _said(entries: Sequence[Review], wanted: WantedLabels, account_id: int | None) -> _Said:
    standing = standing_of(entries)
    verdicts = {
        rule_id: verdict
        for rule_id, verdict in sorted(standing.verdicts.items())
        if (not wanted.rules or rule_id in wanted.rules)
        and (wanted.since is None or verdict.at >= wanted.since)
        and (account_id is None or verdict.said.account_id == account_id)
    }
    return _Said(in_force(entries), standing, verdicts, wanted.pseudonyms)


def _exported(
    row: Row[Any],
    name: str,
    said: _Said,
    pieces: Mapping[str, Sequence[Evidence]],
    logins: Mapping[int, str],
) -> ExportedCall:
    labels = said.labels()
    unsure = len(said.verdicts) - len(labels)
    if not labels or row.turns is None:
        return ExportedCall(name, labels, unsure, None)
    turns = documents.decode_turns(row.turns)
    told = said.corrected(turns, row.transcript_run)
    document = {
        "recording": name,
        "duration_s": row.transcript_s,
        "metadata": _cells(recording_of(row).metadata),
        "turns": [
            {"role": told[turn.index][1], "start_s": turn.start_s, "end_s": turn.end_s, "text": told[turn.index][0]}
            for turn in turns
        ],
        "labels": labels,
        "evidence": _quotes(said, labels, pieces, turns, told),
        "labelled_by": said.labelled_by(labels, logins),
    }
    # Placeholders stand in texts and in quotes alike: one is still found in the other.
    return ExportedCall(name, labels, unsure, shown(json.dumps(document, ensure_ascii=False)))


def _quotes(
    said: _Said,
    labels: Mapping[str, bool],
    pieces: Mapping[str, Sequence[Evidence]],
    turns: Sequence[Turn],
    told: Mapping[int, tuple[str, str]],
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for rule_id in labels:
        if not labels[rule_id]:
            continue
        places = said.places(rule_id, pieces.get(rule_id, ()))
        quotes = [_quote(place, turns, told) for place in places]
        kept = list(dict.fromkeys(quote for quote in quotes if quote))
        if kept:
            found[rule_id] = kept
    return found


def _quote(place: Place, turns: Sequence[Turn], told: Mapping[int, tuple[str, str]]) -> str | None:
    """The place's quote, if its turn holds it; of a corrected turn what stands there now; ``None`` without a turn."""
    if place.turn is None or place.turn not in told or not place.quote:
        return None
    text = told[place.turn][0]
    if place.quote in text:
        return place.quote
    recognised = turns[place.turn].text
    start = 0 if place.char_start is None else place.char_start
    end = len(recognised) if place.char_end is None else place.char_end
    if recognised[start:end] != place.quote:
        return None
    return moved(recognised, text, start, end).strip() or None


def moved(before: str, after: str, start: int, end: int) -> str:
    """What stands in ``after`` where ``before`` has the characters ``[start, end)``.

    >>> moved("你这个神精病啊", "你这个神经病啊", 3, 6), moved("喂不知道客厅", "喂，布置到客厅", 1, 4)
    ('神经病', '，布置到')
    """
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    parts = []
    for tag, i1, i2, j1, j2 in blocks:
        if i1 >= end or i2 <= start:
            continue
        cut_left, cut_right = (max(0, start - i1), max(0, i2 - end)) if tag == "equal" else (0, 0)
        parts.append(after[j1 + cut_left : j2 - cut_right])
    return "".join(parts)


def _cells(facts: CallMetadata) -> dict[str, str | float]:
    named = {name: facts.value(name) for name in METADATA_FIELDS if name != "survey_score"}
    cells: dict[str, str | float] = {name: value for name, value in named.items() if value is not None}
    if facts.survey_score is not None:
        cells["survey_score"] = facts.survey_score
    return {**cells, **facts.extra}
