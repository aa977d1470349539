"""A page on one call: found, judged, scored, to hear. On both databases."""

from dataclasses import replace

import pytest

from pipeline.domain.calls import Role, Turn
from pipeline.domain.errors import StoreError
from pipeline.domain.personal import PersonalKind, PersonalSpan, mask_transcript
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.domain.scores import Answer
from pipeline.reports.case import WHOLE, build_case
from pipeline.reports.case_page import render_case
from pipeline.scoring.cards import load_default_card
from pipeline.store.recordings import register
from tests.reports.test_output import golden
from tests.store.builders import found, processed, recording, result
from tests.store.judgements import say, stored


def case(centre, call, desk_url="http://desk/"):
    centre.classify()
    return build_case(centre.store, call, load_default_card(), zone="Asia/Shanghai", desk_url=desk_url)


def full_call(centre):
    """A call with everything: confirmed, missed, rejected, scored, remarked, called again."""
    facts = {"customer_id": "k1", "survey_score": 5.0, "queue": "退款", "extra": {"vendor": "安通"}}
    call = centre.call("i", heard=False, angry=0.9, **facts)
    centre.call(day=2, customer_id="k1", heard=False, agent="B1")
    centre.call(day=9, customer_id="k1", heard=False)
    by = centre.reviewer
    say(centre.store, call, by, Verdict.CONFIRMED, text="两次")
    missed = Place(turn=0, char_start=0, char_end=2, start_s=0.5, end_s=2.5, role=Role.CUSTOMER, quote="喂？")
    say(centre.store, call, by, Verdict.MISSED, rule="closing-missing", place=missed)
    say(centre.store, call, by, kind=ReviewKind.COMMENT, rule=None, text="要辅导")
    card = load_default_card()
    for item in card.items[:2]:
        value = {"item": item.id, "value": item.scale.grades[0].value, "card": f"{card.id}@{card.version}"}
        say(centre.store, call, by, kind=ReviewKind.SCORE, rule=None, **value)
    say(centre.store, call, by, kind=ReviewKind.FINISHED, rule=None)
    return call


def test_case(centre):
    call = full_call(centre)
    told = case(centre, call)
    assert [(one.rule_id, one.verdict, one.is_error) for one in told.findings] == [
        ("insult", Verdict.CONFIRMED, True),
        ("closing-missing", Verdict.MISSED, True),
    ]
    insult, closing = told.findings
    assert (insult.note, insult.pieces[0].link) == ("两次", f"http://desk/calls/{call}?t=3.0")
    assert (closing.outcome, closing.pieces[0].start_s, closing.pieces[0].quote.zh) == (None, 0.5, "喂？")
    assert told.lead.zh.startswith("确认的错误：规则insult（顾客关键）、规则closing-missing（非关键）；评分表还有 ")
    assert "不合格（顾客关键错误）" in told.lead.zh
    assert told.card.failed == ("customer-critical",)
    assert [line.answer for line in told.lines[:2]] == [line.answer for line in told.lines[:2] if line.answer]
    assert [moment.agent for moment, _ in told.others] == ["B1"], "9 days later is no repeat"
    assert {one.title.en: one.value for one in told.measures}["Silence share"] == pytest.approx(26 / 30)
    assert [(one.task, one.flagged) for one in told.expected] == [("dissatisfied", True), ("escalation", False)]
    assert (told.comments, told.finished, told.left_out) == (("要辅导",), True, 0)
    assert [line.marked for line in told.transcript] == [False, True]
    assert f"{told.started_at:%H:%M %z}" == "09:00 +0800"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_case_page_is_as_it_was(centre, lang):
    page = render_case(case(centre, full_call(centre)), lang)
    assert "k1" not in page, "the customer's number is not printed"
    assert "name of r" not in page, "nor who judged"
    golden(f"case.{lang}.html", page)


def test_nobody_was_through_with_it(centre):
    told = case(centre, centre.call("i", heard=False, started_at=None), desk_url=None)
    assert told.lead.zh.startswith("还没有复核完成，下面的命中只是规则的说法；1 个命中未复核；")
    assert (told.started_at, told.link, told.others, told.expected) == (None, None, (), ())
    assert not told.findings[0].is_error
    assert "开始时间未知" in render_case(told, "zh")


def test_rejected_and_unsure(centre):
    call = centre.call("r")
    told = case(centre, call)
    assert told.lead.zh.startswith("复核完成，没有确认的错误；")
    assert told.card.failed == ()
    say(centre.store, call, centre.reviewer, Verdict.UNSURE)
    assert case(centre, call).findings[0].verdict is Verdict.UNSURE


def test_nothing_found(centre):
    told = case(centre, centre.call())
    assert told.findings == ()
    assert "规则没有命中，也没有人标出漏报" in render_case(told, "zh")
    assert {line.answer for line in told.lines} <= {None, *Answer}


def test_masked_words_have_a_name_in_each_language(centre):
    made = processed(result("insult"))
    masked = mask_transcript(made.transcript, [PersonalSpan(1, 1, 4, PersonalKind.MOBILE, "138")])
    call = stored(centre.store, 50, made=replace(made, transcript=masked))
    lines = case(centre, call).transcript
    assert (lines[1].text.zh, lines[1].text.en) == ("你[手机号]", "你[mobile number]")


def test_long_call_prints_what_surrounds_evidence(centre):
    made = processed(result("insult"))
    turns = tuple(Turn(n, Role.AGENT, n + 1.0, n + 1.5, "你神经病", 0) for n in range(WHOLE + 1))
    call = stored(centre.store, 51, made=replace(made, transcript=replace(made.transcript, turns=turns)))
    told = case(centre, call)
    assert [line.start_s for line in told.transcript] == [1.0, 2.0, 3.0, 4.0]
    assert told.left_out == WHOLE - 3
    assert "略去 117 句" in render_case(told, "zh")


def test_not_processed_yet(centre):
    one = recording(70)
    register(centre.store, [found(one)])
    with pytest.raises(StoreError, match="was not transcribed yet"):
        case(centre, one.id)
