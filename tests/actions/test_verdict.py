"""What is said of an action's metric: cases where nothing may be claimed first."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.action_periods import due_period, following, next_due
from pipeline.domain.action_verdict import DuePeriod, assess
from pipeline.domain.action_words import amount, band, sentence
from pipeline.domain.actions import (
    Baseline,
    Chosen,
    Count,
    Draft,
    Level,
    Line,
    Verdict,
    line_of,
    metric_of,
)
from pipeline.domain.effect import MOST, belief_of, beta, calls_lacking, expected, halving_seen
from pipeline.domain.errors import ConfigError
from pipeline.domain.periods import Period, Unit, period_of
from pipeline.domain.results import BilingualText

GOLDEN = Path(__file__).parent / "sentences.txt"
ZONE = ZoneInfo("Asia/Shanghai")
NOVEMBER, DECEMBER = (period_of(Unit.MONTH, date(2026, month, 1), ZONE) for month in (11, 12))
PEERS = tuple((Count(4, 40), Count(4, 40)) for _ in range(20))
"""Twenty agents with one bad call of ten, before and after."""
HEARD = (40, 40, 0, 60)


def draft(bad=12, n=40, *, metric="insult", level=Level.AGENT, earlier=(), **facts):
    name = "" if level is Level.CENTRE else "A1"
    base = Baseline(
        NOVEMBER, BilingualText("辱骂", "Insult"), Count(bad, n), earlier, 1, 21, Chosen.FLAGGED, HEARD, ("r1",)
    )
    return Draft(Line(level, name, metric_of(metric)), replace(base, **facts), DECEMBER, "陈组长")


def due(bad, n, *, peers=PEERS, **facts):
    known = DuePeriod(True, Count(bad, n), max(n, 1), Chosen.FLAGGED, HEARD, ("r1",), peers)
    return replace(known, **facts)


GONE = BilingualText("停用", "retired")


VERDICTS = [
    pytest.param(draft(), due(2, 10, over=False), Verdict.NOT_OVER, id="not over"),
    pytest.param(draft(), due(0, 0, calls=0), Verdict.NOT_ENOUGH, id="no calls: left"),
    pytest.param(draft(), due(0, 0, calls=70), Verdict.NOT_ENOUGH, id="calls, none evaluated"),
    pytest.param(draft(2, 3), due(0, 5), Verdict.NOT_ENOUGH, id="a baseline of 3 calls"),
    pytest.param(draft(), due(0, 6), Verdict.NOT_ENOUGH, id="too few to see anything"),
    pytest.param(draft(), due(0, 90, peers=()), Verdict.NOT_ENOUGH, id="nobody to compare with, no earlier period"),
    pytest.param(draft(), due(0, 90, rules=("r2",)), Verdict.NOT_COMPARABLE, id="the rule was changed"),
    pytest.param(draft(), due(0, 90, gone=GONE, rules=("absent",)), Verdict.NOT_COMPARABLE, id="retired"),
    pytest.param(draft(), due(0, 90, chosen=Chosen.DRAWN), Verdict.NOT_COMPARABLE, id="now drawn by lot"),
    pytest.param(
        draft(flagged_heard=(90, 100, 10, 900)),
        due(0, 90, flagged_heard=(20, 100, 180, 900)),
        Verdict.NOT_COMPARABLE,
        id="flagged calls are preferred less",
    ),
    # 30 % is the worst of agents with 10 %: about 17 % is to be expected with nothing done.
    pytest.param(draft(), due(9, 60), Verdict.BY_ITSELF, id="back to where it would have come anyway"),
    pytest.param(draft(), due(12, 40), Verdict.BY_ITSELF, id="no change"),
    pytest.param(
        draft(),
        due(1, 60, peers=tuple((one, Count(1, 60)) for one, _ in PEERS)),
        Verdict.BY_ITSELF,
        id="so did everybody else",
    ),
    pytest.param(draft(4, 40), due(40, 100), Verdict.WORSE, id="worse"),
    pytest.param(draft(), due(1, 90), Verdict.IMPROVED, id="improved"),
    pytest.param(draft(metric="passed", n=40), due(1, 90), Verdict.IMPROVED, id="pass rate: bad calls are counted"),
    pytest.param(
        draft(60, 200, level=Level.CENTRE, earlier=tuple(Count(one, 200) for one in (57, 62, 59, 61, 60, 58, 63, 60))),
        due(20, 200, peers=()),
        Verdict.IMPROVED,
        id="the centre against its own past",
    ),
    pytest.param(
        draft(60, 200, level=Level.CENTRE, earlier=tuple(Count(one, 200) for one in (30, 33, 28, 35, 31, 29, 30, 32))),
        due(34, 200, peers=()),
        Verdict.BY_ITSELF,
        id="the centre comes back from one bad month",
    ),
]


@pytest.mark.parametrize(("asked", "came", "expected_verdict"), VERDICTS)
def test_verdict(asked, came, expected_verdict):
    found = assess(asked, came)
    assert found.verdict is expected_verdict, found
    told = sentence(asked, found)
    assert told.zh
    assert told.en
    assert "None" not in told.zh + told.en
    assert "nan" not in told.zh + told.en


def test_what_is_said_is_as_it_was():
    """To renew the file after a wanted change, delete it and run the test twice."""
    cases = [(found.id, *found.values[:2]) for found in VERDICTS]
    told = [(name, sentence(asked, assess(asked, came))) for name, asked, came in cases]
    text = "".join(f"{name}\n{one.zh}\n{one.en}\n\n" for name, one in told)
    if not GOLDEN.exists():
        GOLDEN.write_text(text, encoding="utf-8")
        pytest.fail(f"{GOLDEN} was missing and is written: look at it and run again")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_class_accuracy_survives_a_changed_pack_because_peers_share_it():
    found = assess(draft(metric="customer-critical"), due(1, 90, rules=("r2",)))
    assert found.verdict is Verdict.IMPROVED
    assert "规则改过" in found.notes[0].zh
    alone = assess(
        draft(60, 200, metric="customer-critical", level=Level.CENTRE, earlier=(Count(60, 200),) * 8),
        due(10, 200, rules=("r2",), peers=()),
    )
    assert alone.verdict is Verdict.NOT_COMPARABLE


def test_the_worst_of_equals_is_expected_among_them():
    # Sixty agents of whom none differs from another: 7 of 40 is chance, and 10 % comes next.
    peers = [(Count(4, 40), Count(0, 0))] * 60
    told = expected(Count(7, 40), (), peers)
    assert told is not None
    assert told.belief.mean == pytest.approx(0.102, abs=0.01)


def test_agents_who_really_differ_are_shrunk_less():
    peers = [(Count(bad, 400), Count(0, 0)) for bad in range(4, 120, 4)]
    told = expected(Count(120, 400), (), peers)
    assert told is not None
    assert told.belief.mean == pytest.approx(0.295, abs=0.01), "what 400 calls say is hardly doubted"


def test_drift_of_the_peers_is_taken_off():
    still = expected(Count(12, 40), (), PEERS)
    better = expected(Count(12, 40), (), [(one, Count(2, 40)) for one, _ in PEERS])
    assert still is not None
    assert better is not None
    assert better.belief.mean < 0.7 * still.belief.mean
    assert better.drift.after - better.drift.before == pytest.approx(-0.05, abs=0.01)


def test_calls_that_are_lacking():
    # A rate that is 0.3 for sure, baseline 300 of 1,000.
    belief, before = belief_of(beta(3e6, 7e6), Count(0, 0)), Count(300, 1000)
    lacking = calls_lacking(belief, before, 20)
    assert lacking is not None
    assert halving_seen(belief, before, 20 + lacking) >= 0.8
    assert halving_seen(belief, before, 20 + lacking // 2) < 0.8
    assert calls_lacking(belief_of(beta(1, 9), Count(1, 3)), Count(1, 3), 20) is None, f"not with {MOST} calls either"


def values(mean, n, spread=20.0):
    """n values, half a spread below and half above the mean."""
    return Count(mean * n, n, n * (mean**2 + spread**2))


@pytest.mark.parametrize(
    ("came", "others_now", "verdict"),
    [
        pytest.param(120.0, 100.0, Verdict.BY_ITSELF, id="as before"),
        pytest.param(90.0, 70.0, Verdict.BY_ITSELF, id="everybody became quicker"),
        pytest.param(80.0, 100.0, Verdict.IMPROVED, id="improved"),
        pytest.param(160.0, 100.0, Verdict.WORSE, id="worse"),
    ],
)
def test_a_mean(came, others_now, verdict):
    base = draft(metric="handling", count=values(120.0, 100))
    peers = tuple((values(100.0 + shift, 100), values(others_now + shift, 100)) for shift in range(-9, 10, 2))
    found = assess(base, due(0, 0, count=values(came, 100), calls=100, peers=peers))
    assert found.verdict is verdict, found
    assert " s" in sentence(base, found).zh or ":" in sentence(base, found).zh


def test_accuracy_is_shown_as_reports_show_it():
    found = assess(draft(metric="customer-critical"), due(1, 90))
    metric = metric_of("customer-critical")
    assert amount(metric, found.count.value) == "98.9%"
    low, high = (float(end.strip(" %")) for end in band(metric, found).split("–"))
    assert low < high
    assert "28 / 40" in sentence(draft(metric="customer-critical"), found).zh


@pytest.mark.parametrize(
    "line_id", ["", "#", "agent:A1", "#agent::insult", "#team:一组:", "#centre", "#boss:A1:insult", "#agent:A1:a:b"]
)
def test_what_is_no_line(line_id):
    with pytest.raises(ConfigError, match="no line of a report"):
        line_of(line_id)


@pytest.mark.parametrize("name", ["A1031", "售后 一组", "a:b#c%d", "x\ny"])
def test_a_line_reads_back(name):
    for metric in ("passed", "insult", "rule/silence", "silence"):
        line = Line(Level.TEAM, name, metric_of(metric))
        assert line_of(line.id) == line
        assert not any(one.isspace() for one in line.id)


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-W54", "2026-02-30", "december", "2026-W5"])
def test_what_is_no_due_period(text):
    with pytest.raises(ConfigError, match="no period"):
        due_period(text, ZONE)


@pytest.mark.parametrize("unit", list(Unit), ids=str)
def test_the_next_period_begins_after_now_and_is_as_long(unit):
    base = (
        Period(unit, NOVEMBER.since, NOVEMBER.until) if unit is Unit.SPAN else period_of(unit, date(2026, 10, 20), ZONE)
    )
    now = NOVEMBER.until.replace(hour=5)
    found = next_due(base, now)
    assert found.since >= now
    assert following(found).since == found.until
