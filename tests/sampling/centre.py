"""A small centre that is the same every time: calls, draws, and what reviewers said; results are held against it."""

import hashlib
import json
import random
from dataclasses import asdict
from datetime import timedelta

from pipeline.domain.calls import CallMetadata, Direction
from pipeline.domain.results import Outcome
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.domain.sampling import Allocation, PartKind, Target, TargetKind
from pipeline.store.results import start_run
from pipeline.store.review_queue import finish
from pipeline.store.sampling_store import save_draw
from tests.sampling.builders import MONDAY, part, plan
from tests.store.builders import result, run
from tests.store.judgements import person, say, stored

CALLS = 160
RULES = {"insult": 0.06, "escalation-risk": 0.05, "closing-missing": 0.15, "trial": 0.1}
NEYMAN = {"allocation": Allocation.NEYMAN}


def target(name, kind, n, **limits):
    return part(name, PartKind.TARGETED, n=n, target=Target(kind, **limits))


PLANS = {
    "audit and flagged": plan(part("audit", n=25), target("flagged", TargetKind.FLAGGED, 20), id="one"),
    "all kinds": plan(
        part("audit", n=20, by=("team",)),
        part("everybody", PartKind.RANDOM, n=2),
        part("watch", PartKind.ADAPTIVE, n=12),
        part("spread", PartKind.STRATIFIED, n=9, by=("product", "week"), **NEYMAN),
        target("new", TargetKind.NEW_STAFF, 4, days=30),
        target("again", TargetKind.REPEAT_CONTACT, 6, days=3),
        target("sad", TargetKind.LOW_SURVEY, 5, at_most=2),
        target("product", TargetKind.METADATA, 5, column="product", values=frozenset({"5G"})),
        target("named", TargetKind.COMPLAINTS, 3, column="recording", values=frozenset({"c7", "c9.wav", "gone"})),
        target("customers", TargetKind.COMPLAINTS, 3, column="customer_id", values=frozenset({"k1", "k99"})),
        id="two",
    ),
    "too few hours": plan(
        part("audit", share=0.2),
        target("flagged", TargetKind.FLAGGED, 60),
        part("halves", PartKind.STRATIFIED, share=0.5, by=("survey_score", "direction")),
        part("equal", PartKind.STRATIFIED, n=30, by=("queue",), allocation=Allocation.EQUAL),
        hours=10,
        calls_per_hour=6,
        id="three",
    ),
}
WINDOWS = {"all": (None, None), "two weeks": (14, 28), "from": (20, None), "until": (None, 10)}
ESTIMATES = [
    ("all", (), None),
    ("two weeks", (), "team"),
    ("all", (), "week"),
    ("from", ("insult", "trial"), "product"),
    ("until", (), None),
    ("all", ("closing-missing",), "survey_score"),
]


def window(name):
    """Bounds of a window."""
    return [None if day is None else MONDAY + timedelta(days=day) for day in WINDOWS[name]]


def found(store, frame_of, draw, rows_of):
    """What draws choose and estimates say, as JSON.

    Args:
        frame_of: the frame of a plan, ``since`` and ``until``.
        draw: a draw by plan, frame and seed.
        rows_of: rows of estimates by ``since``, ``until``, rules and column.
    """
    dice = random.Random(20261127)
    start_run(store, run())
    people = [person(store, name) for name in ("r1", "r2")]
    ids = [_call(store, dice, number) for number in range(1, CALLS + 1)]
    told = {}
    for name, one in PLANS.items():
        for window_name in WINDOWS:
            since, until = window(window_name)
            drawn = draw(one, frame_of(one, since, until), 7)
            told[f"{name}, {window_name}"] = _drawn(drawn)
            if window_name in ("all", "two weeks"):
                save_draw(store, drawn)
                _judge(store, dice, people, [pick.recording_id for pick in drawn.picks])
    _judge(store, dice, people, dice.sample(ids, 30))
    for window_name, rules, by in ESTIMATES:
        rows = [asdict(row) for row in rows_of(*window(window_name), rules, by)]
        told[f"estimates: {window_name}, {' '.join(rules)}, {by}"] = [
            {key: _rounded(value) for key, value in row.items() if "reason" not in key and "title" not in key}
            for row in rows
        ]
    return json.loads(json.dumps(told, ensure_ascii=False))


def _call(store, dice, number):
    agent = dice.choice(["A1", "A2", "A3", "A4", None])
    day = dice.uniform(0, 40) if agent != "A4" else dice.uniform(15, 40)
    facts = CallMetadata(
        agent=agent,
        team=dice.choice(["一组", "二组", ""]),
        queue=dice.choice(["物流", "退款"]),
        direction=dice.choice([*Direction, None]),
        started_at=None if number % 50 == 0 else MONDAY + timedelta(days=day),
        customer_id=dice.choice([f"k{dice.randrange(60)}", None]),
        survey_score=dice.choice([None, 1.0, 2.5, 5.0]),
        extra=dice.choice([{}, {"product": "5G"}, {"product": "宽带", "week": "own"}]),
    )
    results = [
        result(rule, dice.choice([Outcome.HIT, Outcome.HIT, Outcome.NOT_EVALUABLE]))
        for rule, rate in RULES.items()
        if dice.random() < rate
    ]
    return stored(store, number, *results, metadata=facts)


def _judge(store, dice, people, ids):
    for one in sorted(set(ids)):
        if dice.random() < 0.2:
            continue
        by = dice.choice(people)
        for rule in RULES:
            if dice.random() < 0.5:
                verdict = dice.choice([Verdict.CONFIRMED, Verdict.REJECTED, Verdict.UNSURE, Verdict.MISSED])
                place = Place(start_s=3.0) if dice.random() < 0.2 else Place()
                entry = say(store, one, by, verdict, rule=rule, place=place)
                if dice.random() < 0.2:
                    say(store, one, by, kind=ReviewKind.UNDO, rule=None, undoes=entry.id)
        if dice.random() < 0.7:
            entry = say(store, one, by, kind=ReviewKind.FINISHED, rule=None)
            with store.writing() as connection:
                finish(connection, one, by.id)
            if dice.random() < 0.1:
                say(store, one, by, kind=ReviewKind.UNDO, rule=None, undoes=entry.id)


def _drawn(drawn):
    picks = [
        [int(pick.recording_id, 16), pick.part, _rounded(pick.chance), _rounded(pick.inclusion), pick.reason.en]
        for pick in drawn.picks
    ]
    parts = [[one.part.name, one.eligible, one.wanted, one.drawn] for one in drawn.parts]
    written = json.dumps(picks, ensure_ascii=False).encode()
    return {
        "parts": parts,
        "chosen": " ".join(str(pick[0]) for pick in picks),
        "picks": hashlib.sha256(written).hexdigest()[:16],
        "notes": [note.en for note in drawn.notes],
        "unflagged": drawn.unflagged,
    }


def _rounded(value):
    return round(value, 10) if isinstance(value, float) else value
