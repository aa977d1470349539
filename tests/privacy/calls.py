"""Calls for the tests of masking: turns as they were spoken, with a word for every two characters."""

from pipeline.domain.calls import Role, Transcript, Turn, Word

CHANNELS = (Role.AGENT, Role.CUSTOMER)


def _time(at_s):
    """As it reads back from the store."""
    return round(at_s, 3)


def transcript(*said: str) -> Transcript:
    """Agent and customer in turns of ten seconds, the agent first."""
    turns = []
    for index, text in enumerate(said):
        start_s = 10.0 * index
        step = 9.0 / max(1, len(text))
        words = tuple(
            Word(text[at : at + 2], _time(start_s + step * at), _time(start_s + step * min(at + 2, len(text))), 0.9)
            for at in range(0, len(text), 2)
        )
        turns.append(Turn(index, CHANNELS[index % 2], start_s, start_s + 9.0, text, index % 2, words))
    return Transcript(tuple(turns), 10.0 * len(said))
