"""What people's entries amount to."""

from datetime import UTC, datetime

import pytest

from pipeline.domain.reviews import NewReview, Place, Review, ReviewKind, Verdict, spot_of, standing_of

AT = datetime(2026, 11, 26, tzinfo=UTC)
SPOT = Place(turn=3, char_start=0, char_end=2)


def entry(number: int, kind: ReviewKind, **said) -> Review:
    return Review(number, AT, NewReview("r" * 64, kind, 1, f"key{number}", **said))


def verdict(number: int, what: Verdict, rule: str = "insult", **said) -> Review:
    return entry(number, ReviewKind.VERDICT, rule_id=rule, verdict=what, **said)


def undo(number: int, undoes: int) -> Review:
    return entry(number, ReviewKind.UNDO, undoes=undoes)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([undo(1, 1)], None, id="an undoing that undoes itself"),
        pytest.param([], None, id="nothing said"),
        pytest.param([verdict(1, Verdict.CONFIRMED), undo(2, 1)], None, id="undone"),
        pytest.param(
            [verdict(1, Verdict.CONFIRMED), undo(2, 1), undo(3, 2)], Verdict.CONFIRMED, id="the undoing undone"
        ),
        pytest.param(
            [verdict(1, Verdict.CONFIRMED), verdict(2, Verdict.REJECTED), undo(3, 2)],
            Verdict.CONFIRMED,
            id="the word before stands again",
        ),
        pytest.param(
            [verdict(2, Verdict.REJECTED), verdict(1, Verdict.CONFIRMED)], Verdict.REJECTED, id="the newest counts"
        ),
        pytest.param([verdict(1, Verdict.REJECTED, place=SPOT)], None, id="a piece is not the whole"),
        pytest.param([verdict(1, Verdict.MISSED, place=SPOT)], Verdict.MISSED, id="a missed place is the whole"),
    ],
)
def test_verdict_that_stands(entries, expected):
    found = standing_of(entries).verdicts.get("insult")
    assert (found.said.verdict if found else None) == expected


def test_a_piece_of_a_hit_has_a_verdict_of_its_own():
    found = standing_of([verdict(1, Verdict.CONFIRMED), verdict(2, Verdict.REJECTED, place=SPOT)])
    assert found.verdicts["insult"].id == 1
    assert found.spots[spot_of("insult", SPOT)].id == 2


@pytest.mark.parametrize(
    ("verdict", "truth"),
    [
        (Verdict.UNSURE, None),
        (Verdict.CONFIRMED, True),
        (Verdict.MISSED, True),
        (Verdict.REJECTED, False),
        (Verdict.ABSENT, False),
    ],
)
def test_label_of_a_verdict(verdict, truth):
    assert verdict.truth is truth
