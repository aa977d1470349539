"""The page of a call as data: numbers, marks in the text, gaps, what people said."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from jinja2 import DictLoader

from pipeline.domain.calls import CallMetadata, Recording, Role, Span, Transcript, Turn, Word
from pipeline.domain.results import (
    BilingualText,
    Call,
    ErrorClass,
    Evidence,
    Outcome,
    RuleHeading,
    RuleResult,
    RuleStatus,
    Severity,
)
from pipeline.domain.reviews import NewReview, Place, Review, ReviewKind, Verdict
from pipeline.domain.scores import Answer
from pipeline.domain.signals import Coverage, Overlap, Signals, Silence
from pipeline.review.call_view import Sources, call_view, channel_roles
from pipeline.review.card_view import card_score, effective, options
from pipeline.review.pages import make_environment
from pipeline.review.transcript_view import GapRow, segments, transcript_rows, word_times
from pipeline.scoring.cards import load_default_card
from pipeline.store.call_rules import RulesRun
from pipeline.store.results import StoredCall

AGENT, CUSTOMER = Role.AGENT, Role.CUSTOMER
NOTHING = Signals()


def turn(index, role, start_s, end_s, text, **changes):
    return Turn(index, role, start_s, end_s, text, channel=0 if role == AGENT else 1, **changes)


TURNS = (
    turn(0, AGENT, 1.0, 4.0, "您好，请问有什么可以帮您"),
    turn(1, CUSTOMER, 5.0, 9.0, "<b>我要投诉</b>你们"),
    turn(2, AGENT, 20.0, 24.0, "您去找快递公司吧"),
)


def heading(rule_id, severity=Severity.ALERT, status=RuleStatus.ACTIVE):
    return RuleHeading(rule_id, BilingualText(f"{rule_id}题", rule_id), severity, ErrorClass.CUSTOMER_CRITICAL, status)


def evidence(turn_index, start, end, *, by_sound=False):
    spoken = TURNS[turn_index]
    span = spoken.span_of(start, end)
    quote = spoken.text[start:end]
    return Evidence(span.start_s, span.end_s, spoken.role, quote, turn_index, start, end, 0.8, by_sound)


def result(rule_id, *pieces, outcome=Outcome.HIT):
    return RuleResult(rule_id, outcome, BilingualText("依据", "found"), pieces)


def said(number, **fields):
    fields = {"recording_id": "r" * 64, "kind": ReviewKind.VERDICT, "account_id": 1, "key": f"key-{number}"} | fields
    return Review(number, datetime(2026, 11, 26, tzinfo=UTC), NewReview(**fields), by="林晓燕")


def view(*results, headings=(), reviews=(), signals=NOTHING, turns=TURNS, with_trials=True):
    recording = Recording("r" * 64, "a.wav", "/a.wav", 1, CallMetadata(agent="A1"))
    stored = StoredCall(recording, Call(Transcript(turns, 30.0), recording.metadata, signals), tuple(results), 30.0)
    known = headings or tuple(heading(found.rule_id) for found in results)
    return call_view(Sources(stored, RulesRun("run", known), tuple(reviews), with_trials=with_trials))


def text_of(row):
    return "".join(part.text for part in row.segments)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], [("您好，请问有什么可以帮您", (), "")]),
        ([("a", 0, 2)], [("您好", (1,), "crit"), ("，请问有什么可以帮您", (), "")]),
        # Two that overlap in the middle: three stretches, the graver one gives the colour.
        (
            [("a", 0, 5), ("b", 3, 7)],
            [
                ("您好，", (1,), "crit"),
                ("请问", (1, 2), "crit"),
                ("有什", (2,), "minor"),
                ("么可以帮您", (), ""),
            ],
        ),
        # One inside the other.
        (
            [("b", 0, 8), ("a", 2, 4)],
            [("您好", (1,), "minor"), ("，请", (1, 2), "crit"), ("问有什么", (1,), "minor"), ("可以帮您", (), "")],
        ),
        ([("a", 0, 4), ("b", 0, 4)], [("您好，请", (1, 2), "crit"), ("问有什么可以帮您", (), "")]),
        # An offset beyond the text, as of a transcript that was made anew, marks what there is.
        ([("a", 10, 99)], [("您好，请问有什么可以", (), ""), ("帮您", (1,), "crit")]),
        ([("a", 50, 99)], [("您好，请问有什么可以帮您", (), "")]),
    ],
    ids=["none", "one", "overlapping", "nested", "same", "beyond-the-end", "outside"],
)
def test_marks_cut_the_text_where_they_begin_and_end(marks, expected):
    severities = {"a": Severity.CRITICAL, "b": Severity.MINOR}
    pieces = [
        result(rule, replace(evidence(0, 0, 2), char_start=start, char_end=end, start_s=1.0))
        for rule, start, end in marks
    ]
    found = view(*pieces, headings=[heading(rule, severities[rule]) for rule, *_ in marks])
    numbered = [(hit, 0) for hit in found.hits]
    # Numbers follow the order of the marks here, as all begin at the same second and are told apart by their rule.
    order = {hit.rule_id: hit.number for hit in found.hits}
    parts = segments(TURNS[0], numbered)
    assert "".join(part.text for part in parts) == TURNS[0].text
    renamed = {order[rule]: number for number, (rule, *_) in enumerate(marks, start=1)}
    got = [(part.text, tuple(sorted(renamed[one] for one in part.numbers)), part.mark) for part in parts]
    assert got == expected


def test_markup_in_a_transcript_is_escaped():
    found = view(result("a", evidence(1, 3, 7)))
    environment = make_environment("/static/x")
    source = environment.loader.get_source(environment, "call_macros.html")[0]
    environment.loader = DictLoader(
        {
            "call_macros.html": source,
            "rows.html": '{% from "call_macros.html" import rows_of with context %}{{ rows_of(rows) }}',
        }
    )
    html = environment.get_template("rows.html").render(rows=transcript_rows(found), t=lambda zh, en: zh)
    assert "<b>" not in html
    assert '&lt;b&gt;<mark class="alert" data-n="1">我要投诉</mark>&lt;/b&gt;你们' in html


def test_hits_come_by_time_then_what_cannot_be_judged_then_rules_on_trial():
    found = view(
        result("late", evidence(2, 0, 2)),
        result("trial", evidence(0, 0, 2)),
        result("unsure", outcome=Outcome.NOT_EVALUABLE),
        result("early", evidence(1, 3, 7), evidence(2, 0, 2)),
        result("broken", outcome=Outcome.ERROR),
        result("elsewhere", outcome=Outcome.NOT_APPLICABLE),
        headings=[
            *map(heading, ("late", "unsure", "early", "broken", "elsewhere", "quiet")),
            heading("trial", status=RuleStatus.SHADOW),
        ],
    )
    assert [(hit.number, hit.rule_id, hit.mark) for hit in found.hits] == [
        (1, "early", "alert"),
        (2, "late", "alert"),
        (3, "broken", "na"),
        (4, "unsure", "na"),
        (5, "trial", "alert"),
    ]
    assert [(rule.heading.id, rule.applicable) for rule in found.clear] == [("quiet", True), ("elsewhere", False)]
    # Three active rules are left to judge: the broken one says nothing, the one on trial flags nothing.
    assert found.left == 3


def test_those_who_are_judged_do_not_see_rules_on_trial():
    trial = heading("trial", status=RuleStatus.SHADOW)
    found = view(result("trial", evidence(0, 0, 2)), headings=[trial], with_trials=False)
    assert found.hits == ()


def test_a_rule_that_the_run_does_not_list_is_shown_under_its_id():
    found = view(result("gone", evidence(0, 0, 2)), headings=[heading("other")])
    assert found.hits[0].heading.title.zh == "gone"


def test_what_a_person_rejected_is_still_marked_but_struck_out():
    rejected = said(1, rule_id="a", verdict=Verdict.REJECTED)
    row = transcript_rows(view(result("a", evidence(1, 3, 7)), reviews=[rejected]))[1]
    assert [(part.text, part.rejected) for part in row.segments if part.mark] == [("我要投诉", True)]
    assert row.margin[0].rejected


def test_one_piece_can_be_rejected_alone():
    place = Place(turn=1, char_start=3, start_s=5.0)
    one = said(1, rule_id="a", verdict=Verdict.REJECTED, place=place)
    found = view(result("a", evidence(1, 3, 7), evidence(2, 0, 2)), reviews=[one])
    assert [piece.rejected for piece in found.hits[0].pieces] == [True, False]
    assert found.hits[0].verdict is None
    rows = [row for row in transcript_rows(found) if not isinstance(row, GapRow)]
    assert [part.rejected for row in rows for part in row.segments if part.mark] == [True, False]


def test_a_correction_is_shown_and_the_original_kept():
    new = said(1, kind=ReviewKind.CORRECTION, text="我要投诉你们", place=Place(turn=1, role=AGENT))
    row = transcript_rows(view(reviews=[new]))[1]
    assert row.correction.said.text == "我要投诉你们"
    assert row.role == AGENT
    assert text_of(row) == TURNS[1].text


def test_what_a_person_found_is_marked_with_its_rule():
    missed = said(1, rule_id="quiet", verdict=Verdict.MISSED, place=Place(turn=2, char_start=1, char_end=3))
    row = transcript_rows(view(headings=[heading("quiet")], reviews=[missed]))[2]
    assert [(part.text, part.mark) for part in row.segments][1] == ("去找", "missed")
    assert [title.zh for title in row.missed] == ["quiet题"]


def test_silences_and_unwritten_speech_are_rows_with_their_hits():
    signals = Signals(
        silences=(Silence(9.0, 20.0, CUSTOMER, AGENT), Silence(4.0, 5.0, AGENT, CUSTOMER)),
        overlaps=(Overlap(5.0, 5.3, CUSTOMER, AGENT, 1, 0, 2.0), Overlap(20.0, 21.6, AGENT, CUSTOMER, 2, 1, 3.0)),
        coverage=(Coverage(1, CUSTOMER, 10.0, 7.0, (Span(25.0, 28.0), Span(12.0, 12.5))),),
    )
    silent = RuleResult("quiet-hit", Outcome.HIT, BilingualText("", ""), (Evidence(9.0, 20.0, Role.UNKNOWN, ""),))
    absent = RuleResult("absent-hit", Outcome.HIT, BilingualText("", ""), (Evidence(4.5, 30.0, AGENT, ""),))
    rows = transcript_rows(view(silent, absent, signals=signals))
    shown = [
        (row.duration_s, row.unwritten, [mark.number for mark in row.margin])
        if isinstance(row, GapRow)
        else (row.turn.index, row.overlap_s, [mark.number for mark in row.margin])
        for row in rows
    ]
    # The silence of one second has no row, nor has the short overlap a word. The absence stands where one would begin.
    assert shown == [
        (0, 0.0, []),
        (1, 0.0, [1]),
        (11.0, None, [2]),
        (2, pytest.approx(1.6), []),
        (3.0, CUSTOMER, []),
    ]


def test_doubtful_words_are_marked_as_one_stretch():
    words = tuple(
        Word(text, index, index + 1, probability)
        for index, (text, probability) in enumerate(
            [("您好", 0.9), ("，请", 0.4), ("问", 0.3), ("有什么可以帮您", 0.8)]
        )
    )
    parts = segments(replace(TURNS[0], words=words), [])
    assert [(part.text, part.low) for part in parts] == [("您好", False), ("，请问", True), ("有什么可以帮您", False)]


def test_word_times_are_small_numbers_that_lead_back_to_the_times():
    words = (Word("您好", 1.0, 1.5, 1.0), Word("𠮷", 1.4, 1.75, 1.0))
    # Two characters from the start, half a second; then one that begins a tenth before the first has ended.
    assert word_times(replace(TURNS[0], text="您好𠮷", words=words)) == [2, 0, 50, 1, -10, 35]


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ([], (Role.UNKNOWN,)),
        ([(0, Role.UNKNOWN)], (Role.UNKNOWN,)),
        ([(0, AGENT), (0, CUSTOMER)], (Role.UNKNOWN,)),
        ([(0, AGENT)], (AGENT, CUSTOMER)),
        ([(1, AGENT)], (CUSTOMER, AGENT)),
        ([(0, CUSTOMER), (1, AGENT), (1, AGENT), (1, CUSTOMER)], (CUSTOMER, AGENT)),
        ([(0, Role.UNKNOWN), (1, Role.UNKNOWN)], (Role.UNKNOWN, Role.UNKNOWN)),
    ],
    ids=["nobody", "mono", "mixed", "one-sided", "one-sided-right", "stereo", "stereo-unknown"],
)
def test_who_speaks_in_which_channel(spoken, expected):
    turns = [Turn(index, role, index, index + 1, "好", channel) for index, (channel, role) in enumerate(spoken)]
    assert channel_roles(turns) == expected


def test_the_last_entry_of_an_account_is_its_newest_that_stands():
    reviews = [
        said(1, rule_id="a", verdict=Verdict.CONFIRMED),
        said(2, rule_id="b", verdict=Verdict.CONFIRMED),
        said(3, kind=ReviewKind.UNDO, undoes=2),
        said(4, rule_id="a", verdict=Verdict.UNSURE, account_id=2),
    ]
    found = view(reviews=reviews)
    assert found.last_of(1).id == 1
    assert found.last_of(2).id == 4
    assert found.last_of(3) is None


def test_rejected_hits_leave_the_scorecard_and_missed_ones_enter_it():
    reviews = [
        said(1, rule_id="shirking", verdict=Verdict.REJECTED),
        said(
            2,
            rule_id="interruption",
            verdict=Verdict.MISSED,
            place=Place(turn=2, start_s=20.0, end_s=24.0, role=AGENT, quote="您去"),
        ),
        said(3, rule_id="survey-missing", verdict=Verdict.CONFIRMED),
    ]
    found = view(
        result("shirking", evidence(2, 0, 2)),
        result("survey-missing", outcome=Outcome.NOT_EVALUABLE),
        headings=[heading("shirking"), heading("interruption"), heading("survey-missing")],
        reviews=reviews,
    )
    assert sorted((one.rule_id, one.outcome) for one in effective(found)) == [
        ("interruption", Outcome.HIT),
        ("survey-missing", Outcome.HIT),
    ]


def test_a_persons_answer_counts_and_the_automatic_one_stays_in_sight():
    card = load_default_card()
    item = next(item for item in card.items if "interruption" in item.rules)
    answer = said(1, kind=ReviewKind.SCORE, card=f"{card.id}@{card.version}", item=item.id, value="yes")
    other = said(2, kind=ReviewKind.SCORE, card="old@7", item=item.id, value="no")
    found = view(result("interruption", evidence(2, 0, 2)), headings=[heading("interruption")], reviews=[answer, other])
    scored = next(one for one in card_score(found, card).items if one.item.id == item.id)
    assert (scored.value, scored.automatic.value) == (Answer.YES, Answer.NO)
    assert [(one.answer, one.selected, one.overruled) for one in options(scored)] == [
        (Answer.YES, True, False),
        (Answer.NO, False, True),
        (Answer.N_A, False, False),
    ]
