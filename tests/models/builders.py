"""Calls and labels that tests of the models are made of."""

from pipeline.domain.calls import Role, Transcript, Turn

ROLES = {"c": Role.CUSTOMER, "a": Role.AGENT, "u": Role.UNKNOWN}


def call(*said):
    """A call from lines such as "c 你好": who speaks, then what; five seconds a turn."""
    turns = tuple(
        Turn(index, ROLES[line[0]], 5.0 * index, 5.0 * index + 4, line[2:]) for index, line in enumerate(said)
    )
    return Transcript(turns, 5.0 * len(turns))
