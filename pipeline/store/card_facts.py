"""What the scorecards of finished calls follow from."""

from collections.abc import Sequence

from pipeline.domain.reviews import Verdict
from pipeline.domain.scores import CardFacts
from pipeline.store.database import Database
from pipeline.store.report_queries import JudgedRule, Window, active_rules, card_inputs


def card_facts(database: Database, window: Window, judged: Sequence[JudgedRule], card: str) -> dict[str, CardFacts]:
    """What rules and people say on the card, by call; calls that no rule was run on are absent.

    Args:
        database: where.
        window: the calls, as far as they are finished.
        judged: the verdicts that stand, on these calls and on others.
        card: its id and version, such as ``default@1``.
    """
    active = active_rules(database)
    said: dict[str, list[tuple[str, Verdict]]] = {}
    for one in judged:
        said.setdefault(one.recording_id, []).append((one.rule_id, one.verdict))
    return {
        recording_id: CardFacts(
            given.outcomes, given.answers, tuple(said.get(recording_id, ())), active.get(given.pack, frozenset())
        )
        for recording_id, given in card_inputs(database, window, card).items()
    }
