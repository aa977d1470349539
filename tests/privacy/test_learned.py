"""Numbers that the rules leave and learned weights find."""

from benchmarks.privacy_train import examples, read_calls, train, written
from pipeline.domain.calls import Role, Transcript, Turn
from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find import find_personal, found_by_rules
from pipeline.privacy.find_learned import WEIGHTS
from pipeline.privacy.find_said import said

MOST_BYTES = 300_000


def call(*texts: str) -> Transcript:
    """A call in which agent and customer take turns."""
    roles = (Role.AGENT, Role.CUSTOMER)
    turns = [Turn(at, roles[at % 2], float(at), at + 1.0, text) for at, text in enumerate(texts)]
    return Transcript(tuple(turns), float(len(turns)))


def test_the_shipped_weights_are_what_training_makes() -> None:
    made = [example for each in read_calls() for example in examples(each)]
    text = written(train(made))
    assert text == WEIGHTS.read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES


def test_what_the_rules_find_stays_and_more_is_added() -> None:
    transcript = call("您那个取件的数字给我念一遍", "T V Q D X R", "好的", "尾号是三三零九，电话幺三八零零幺二三四五六")
    by_rules, _, _ = found_by_rules(said(transcript), ())
    found = find_personal(transcript)
    masked = {(span.turn, at) for span in found for at in range(span.char_start, span.char_end)}
    for datum in by_rules:
        span = said(transcript).span(datum)
        assert masked.issuperset((span.turn, at) for at in range(span.char_start, span.char_end))
    assert (1, 0) in masked
    assert all(span.kind is not PersonalKind.NAME for span in found)


def test_hotlines_and_the_companys_own_numbers_are_never_added() -> None:
    transcript = call("说一下", "四四零幺零零 三八七六 二九", "四四零幺零零三八七六二九 对吧")
    assert find_personal(transcript)
    assert find_personal(transcript, own_numbers=["440100387629"]) == ()
    assert find_personal(call("打哪个？", "四零零，八二零，五五五九")) == ()
