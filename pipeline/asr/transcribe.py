"""A call's sound in, its transcript out."""

from collections.abc import Sequence

from pipeline.asr.base import AsrBackend, ChannelSpeech
from pipeline.asr.turns import TurnOptions, build_turns
from pipeline.domain.calls import Role, Transcript


def transcribe_call(
    backend: AsrBackend,
    channels: Sequence[ChannelSpeech],
    roles: Sequence[Role],
    *,
    duration_s: float,
    turn_options: TurnOptions | None = None,
) -> Transcript:
    """Who said what in a call of ``duration_s``; ``roles`` gives the role of each channel.

    Raises:
        AsrError: where the model cannot run.
        ValueError: where there are not as many roles as channels.
    """
    said = backend.transcribe(channels)
    turns = build_turns([channel.words for channel in said.channels], roles, options=turn_options)
    return Transcript(turns, duration_s, said.language.value)
