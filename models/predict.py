"""All predictions of a call. N-grams are hashed once for every model; only numpy is needed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from models.artifact import Artifact
from models.call_features import call_features
from models.call_text import CallText, read_call, read_turns
from models.linear import Scored, score_call, score_customer_turns, score_turns
from models.moving import moving_features, moving_in_call, moving_in_turns
from models.recipe import rule_of
from pipeline.domain.calls import Transcript
from pipeline.domain.predictions import (
    Abstention,
    LearnedCondition,
    LearnedTurn,
    Prediction,
    Predictions,
    Sentiment,
    TurnSentiment,
)
from pipeline.domain.results import Call
from pipeline.domain.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

LEAST_IN_CALL = 8
"""Chinese characters that the customer must have said: with fewer, labellers do not agree either."""
LEAST_IN_TURN = 2
"""Chinese characters of a turn: 嗯, 好 and 哦 tell nothing without their tone."""
LEAST_CHINESE = 0.3
"""Share of letters and digits that must be Chinese; below it is another language, or numbers."""
NEGATIVE, NEUTRAL, POSITIVE = range(3)
"""Order of the classes of the sentiment model."""
SENTIMENT_CLASSES = tuple(str(one) for one in (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE))


@dataclass(frozen=True, slots=True)
class Models:
    """Everything that predictions need. Plain values and arrays: it can be pickled."""

    sentiment: Artifact
    """The sentiment of turns, as reported."""
    dissatisfied: Artifact
    escalation: Artifact
    shipped_sentiment: Artifact
    """Whose moods are features of calls; the same as ``sentiment`` where the site has not trained its own."""
    shipped: "dict[str, Artifact]"
    """The shipped models of calls, by task: their score is a feature of the site's own."""
    learned: tuple[Artifact, ...] = ()
    """Conditions that the site has trained for its rules, by rule id."""


def predict_call(models: Models, transcript: Transcript, signals: Signals) -> Predictions:
    """What the models say about a call. Never fails: what cannot be judged is an abstention with its reason."""
    call = read_call(transcript, signals)
    shipped = score_customer_turns(models.shipped_sentiment.model, call)
    course = moods(models.shipped_sentiment.model.probabilities(shipped.scores))
    features = call_features(call, course[call.spoken_by_customer])
    calls = [_predict(models, artifact, call, features) for artifact in (models.dissatisfied, models.escalation)]
    return Predictions(
        dissatisfied=calls[0],
        escalation=calls[1],
        sentiments=_sentiments(models, call, shipped),
        sentiment_model=models.sentiment.digest,
        sentiment_threshold=models.sentiment.threshold,
        learned=tuple(_learned(artifact, call) for artifact in models.learned),
    )


def predictor(folder: Path | None) -> Callable[[Call], Predictions]:
    """What predicts by a site's models in ``folder``, by the shipped ones where it has none.

    The models are loaded when they are first asked, which may raise ModelArtifactError.
    """

    @cache
    def loaded() -> Models:
        # The registry stands on this module: imported above, whoever imports it first would fail.
        from models.registry import load_models

        return load_models(folder)

    return lambda call: predict_call(loaded(), call.transcript, call.signals)


predict_by_default = predictor(None)
"""What the models that earmark ships say about a call."""


def moods(probabilities: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """How much likelier negative than positive, from the probabilities of the classes of sentiment."""
    return probabilities[:, NEGATIVE] - probabilities[:, POSITIVE]


def turn_scores(artifact: Artifact, base: Artifact | None, call: CallText) -> Scored:
    """The scores of every turn; where the artifact stands on the shipped model, that one's scores are its features."""
    features = None if base is None else score_turns(base.model, call).scores
    return score_turns(artifact.model, call, features)


def score_of_call(artifact: Artifact, base: Artifact | None, call: CallText, features: "NDArray[np.float64]") -> Scored:
    """The scores of one call; where the artifact stands on the shipped model, its score is the last feature."""
    import numpy as np

    if base is not None:
        features = np.append(features, score_call(base.model, call, features).scores[0])
    return score_call(artifact.model, call, features)


def why_no_call(call: CallText) -> Abstention | None:
    """Why a call cannot be judged; ``None`` where it can."""
    if not call.spoken_by_customer.any():
        return Abstention.NO_CUSTOMER
    chinese, other = call.scripts
    by_customer = call.spoken_by_customer
    return _why_no_text(int(chinese[by_customer].sum()), int(other[by_customer].sum()), LEAST_IN_CALL)


def why_no_turns(call: CallText) -> list[Abstention | None]:
    """For each turn why its sentiment cannot be judged; ``None`` where it can."""
    chinese, other = call.scripts
    return [_why_no_text(*counts, LEAST_IN_TURN) for counts in zip(chinese.tolist(), other.tolist(), strict=True)]


def probability_of_turns(
    artifact: Artifact, base: Artifact | None, texts: "Sequence[str]"
) -> "list[NDArray[np.float64] | None]":
    """Calibrated probabilities of each class for each text; ``None`` where the model abstains."""
    call = read_turns(texts)
    found: list[NDArray[np.float64] | None] = [None] * len(texts)
    if call.turns:
        judged = artifact.model.probabilities(turn_scores(artifact, base, call).scores)
        for index, likely, why_not in zip(call.turns, judged, why_no_turns(call), strict=True):
            if why_not is None:
                found[index] = likely
    return found


def _why_no_text(chinese: int, other: int, least: int) -> Abstention | None:
    if other and chinese < LEAST_CHINESE * (chinese + other):
        return Abstention.NOT_CHINESE
    return Abstention.TOO_SHORT if chinese < least else None


def _predict(models: Models, artifact: Artifact, call: CallText, features: "NDArray[np.float64]") -> Prediction:
    task = artifact.card.task
    why_not = why_no_call(call)
    if why_not is not None:
        return Prediction(task, None, artifact.threshold, artifact.digest, why_not)
    scored = score_of_call(artifact, models.shipped[task] if artifact.base else None, call, features)
    weighing = artifact.model.calibration[:, 0].tolist()
    return Prediction(
        task=task,
        probability=float(artifact.model.probabilities(scored.scores)[0, 0]),
        threshold=artifact.threshold,
        model=artifact.digest,
        words=moving_in_call(call, scored, weighing),
        features=moving_features(artifact.model.dense, scored, weighing),
    )


def _learned(artifact: Artifact, call: CallText) -> LearnedCondition:
    turns: list[LearnedTurn] = []
    if call.turns:
        likely = artifact.model.probabilities(score_turns(artifact.model, call).scores)[:, 0].tolist()
        for index, role, probability, why_not in zip(call.turns, call.roles, likely, why_no_turns(call), strict=True):
            if why_not is None and role == artifact.role:
                turns.append(LearnedTurn(index, probability))
    return LearnedCondition(rule_of(artifact.card.task), artifact.threshold, artifact.digest, tuple(turns))


def _sentiments(models: Models, call: CallText, shipped: Scored) -> tuple[TurnSentiment, ...]:
    """``shipped`` are the scores of the shipped model: often they are the ones wanted, else what those stand on."""
    artifact = models.sentiment
    if artifact is models.shipped_sentiment:
        scored = shipped
    else:
        scored = score_customer_turns(artifact.model, call, shipped.scores if artifact.base else None)
    probabilities = artifact.model.probabilities(scored.scores)
    negative = probabilities[:, NEGATIVE] >= artifact.threshold
    calibration = artifact.model.calibration
    weighing = calibration[:, NEGATIVE] - (calibration[:, NEUTRAL] + calibration[:, POSITIVE]) / 2
    words = moving_in_turns(call, scored, weighing.tolist(), negative & call.spoken_by_customer)
    found = []
    silent = why_no_turns(call)
    rows, is_negative = probabilities.tolist(), negative.tolist()
    for position in call.spoken_by_customer.nonzero()[0].tolist():
        turn = call.turns[position]
        why_not = silent[position]
        if why_not is not None:
            found.append(TurnSentiment(turn, None, None, None, why_not))
            continue
        likely = rows[position]
        other = Sentiment.POSITIVE if likely[POSITIVE] > likely[NEUTRAL] else Sentiment.NEUTRAL
        sentiment = Sentiment.NEGATIVE if is_negative[position] else other
        found.append(
            TurnSentiment(
                turn=turn,
                sentiment=sentiment,
                negative=likely[NEGATIVE],
                positive=likely[POSITIVE],
                words=words.get(turn, ()) if sentiment == Sentiment.NEGATIVE else (),
            )
        )
    return tuple(found)
