"""Files of labels for models, and the figures on them."""

import json

import pytest

from models.recipe import Task
from pipeline.domain.errors import ConfigError
from pipeline.domain.predictions import Sentiment
from pipeline.domain.signals import Signals
from pipeline.evaluation.model_labels import call_examples, read_texts, turn_examples
from pipeline.evaluation.model_quality import Judgement, by_column, measure


def written(tmp_path, *lines, name="labels.jsonl"):
    file = tmp_path / name
    file.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return file


def test_an_empty_file_and_one_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="the files hold no labelled calls"):
        call_examples(read_texts([written(tmp_path, "", "")]), Task.DISSATISFIED)
    with pytest.raises(ConfigError, match=r"nowhere\.jsonl cannot be read"):
        read_texts([tmp_path / "nowhere.jsonl"])


TURN = {"role": "customer", "text": "太差了"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("{", r"labels.jsonl:1: .*JSON", id="no JSON"),
        pytest.param({"recording": "a"}, r"labels.jsonl:1: turns: Field required", id="no turns"),
        pytest.param(
            {"turns": [{**TURN, "sentiment": "angry"}]}, r"turns.0.sentiment: .*negative", id="unknown sentiment"
        ),
        pytest.param({"turns": [{**TURN, "role": "robot"}]}, r"turns.0.role", id="unknown role"),
        pytest.param({"turns": [TURN], "labels": {"dissatisfied": "perhaps"}}, r"labels.dissatisfied", id="no answer"),
    ],
)
def test_lines_that_are_not_in_order_are_named(tmp_path, line, message):
    with pytest.raises(ConfigError, match=message):
        read_texts([written(tmp_path, line)])


def test_a_call_labelled_twice_is_refused(tmp_path):
    line = {"recording": "a", "turns": [TURN], "labels": {}}
    with pytest.raises(ConfigError, match=r"a is labelled before, in labels\.jsonl:1"):
        read_texts([written(tmp_path, line, line)])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        pytest.param({"disatisfied": True}, 'did you mean "dissatisfied" by "disatisfied"', id="misspelt"),
        pytest.param({}, "no labels at all", id="none"),
        pytest.param({"insult": True}, r"found insult \(1\)", id="others"),
    ],
)
def test_labels_of_other_tasks_are_named(tmp_path, labels, message):
    texts = read_texts([written(tmp_path, {"turns": [TURN], "labels": labels})])
    with pytest.raises(ConfigError, match=message):
        call_examples(texts, Task.DISSATISFIED)
    with pytest.raises(ConfigError, match='put "sentiment"'):
        turn_examples(texts)


def test_chats_without_times_keep_their_order_and_have_no_signals(tmp_path):
    turns = [{"role": "customer", "text": "一"}, {"role": "agent", "text": "二"}, {"role": "customer", "text": "三"}]
    (text,) = read_texts([written(tmp_path, {"turns": turns, "labels": {"escalation": False}})])
    assert [turn.text for turn in text.transcript.turns] == ["一", "二", "三"]
    assert text.signals == Signals()


@pytest.mark.parametrize(("votes", "label"), [([-1, 0, 0], False), ([-2, 0, 0.5], True), ([-1, 0], True)])
def test_votes_of_judges_become_a_label_at_a_mean_of_minus_a_half(tmp_path, votes, label):
    (text,) = read_texts([written(tmp_path, {"id": "x", "turns": [TURN], "satisfaction": votes})])
    assert text.labels == {"dissatisfied": label}
    assert text.recording == "x"


def test_satisfaction_of_turns_is_read_as_sentiment(tmp_path):
    turns = [{**TURN, "satisfaction": value} for value in ("dissatisfied", None, "satisfied")]
    (text,) = read_texts([written(tmp_path, {"turns": turns})])
    assert text.sentiments == {0: Sentiment.NEGATIVE, 2: Sentiment.POSITIVE}


def judged(*cases):
    """Judgements from (label, probability) at a threshold of 0.5, each a call of its own."""
    return [
        Judgement(str(number), label, probability, probability is not None and probability >= 0.5, {"team": "甲"})
        for number, (label, probability) in enumerate(cases)
    ]


def test_an_abstention_is_a_miss_and_is_ranked_last():
    found = measure(judged((True, 0.9), (True, None), (False, 0.2), (False, None)), 0.5)
    assert (found.n, found.positives, found.abstained) == (4, 2, 2)
    assert found.recall == 0.5
    assert found.precision == 1.0
    assert found.auc == 0.625  # 0.9 above both (2), the abstained positive ties with one (0.5): 2.5 of 4
    assert found.brier == pytest.approx((0.1**2 + 0.2**2) / 2)


def test_every_rate_has_an_interval_that_holds_it():
    found = measure(judged(*[(n % 3 == 0, (n * 37 % 100) / 100) for n in range(60)]), 0.5)
    for name in ("auc", "average_precision", "precision", "recall", "f1", "brier", "ece"):
        low, high = getattr(found, f"{name}_ci")
        assert low <= getattr(found, name) <= high
        assert low < high


def test_one_class_and_nothing_at_all_are_undefined_not_zero():
    found = measure(judged((False, 0.1), (False, 0.2)), 0.5)
    assert (found.auc, found.auc_ci, found.recall, found.precision) == (None, None, None, None)
    assert measure([], 0.5).brier is None


def test_small_slices_are_left_out():
    assert set(by_column(judged(*[(True, 0.9)] * 5), "team", 0.5)) == {"甲"}
    assert by_column(judged((True, 0.9)), "team", 0.5) == {}
