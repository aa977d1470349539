"""The operators of the rule language. To add one: a file here, and one line in ``OPERATORS``."""

from rules.operators.base import Operator
from rules.operators.duration import DURATION
from rules.operators.echo import ECHO
from rules.operators.entity import ENTITY
from rules.operators.escalation import ESCALATION
from rules.operators.hangup import HANGUP
from rules.operators.learned import LEARNED
from rules.operators.loudness import LOUDNESS
from rules.operators.metadata import METADATA
from rules.operators.near import NEAR
from rules.operators.overlap import OVERLAP
from rules.operators.phrase import PHRASE
from rules.operators.regex import REGEX
from rules.operators.repeat import REPEAT
from rules.operators.response_time import RESPONSE_TIME
from rules.operators.sentiment import SENTIMENT
from rules.operators.silence import SILENCE
from rules.operators.similar import SIMILAR
from rules.operators.speech_rate import SPEECH_RATE
from rules.operators.talk_share import TALK_SHARE
from rules.operators.word_rate import WORD_RATE

OPERATORS: dict[str, Operator] = {
    operator.name: operator
    for operator in (
        PHRASE,
        REGEX,
        NEAR,
        SIMILAR,
        REPEAT,
        ECHO,
        WORD_RATE,
        ENTITY,
        SILENCE,
        OVERLAP,
        RESPONSE_TIME,
        SPEECH_RATE,
        LOUDNESS,
        TALK_SHARE,
        DURATION,
        HANGUP,
        SENTIMENT,
        ESCALATION,
        LEARNED,
        METADATA,
    )
}
"""Every operator by the name that authors write."""
