"""Small cards, answers and results of rules."""

from pipeline.domain.calls import Role
from pipeline.domain.results import BilingualText, Evidence, Outcome, RuleResult
from pipeline.domain.scores import Answer, CardCategory, CardItem, ItemAnswer, Scale, Scorecard


def text(zh="文", en="text"):
    return BilingualText(zh, en)


def item(name, points=(10, 0), **fields):
    scale = Scale.YES_NO if len(points) == 2 else Scale.GRADED
    return CardItem(name, text(), text(), text(), scale, tuple(points), **fields)


def card(*items, pass_mark=0.85):
    return Scorecard("small", 1, text(), pass_mark, (CardCategory("all", text(), items),))


def by_rules(**values):
    return {name: ItemAnswer(value, automatic=True) for name, value in values.items()}


def by_person(**values):
    return {name: ItemAnswer(value, automatic=False) for name, value in values.items()}


def result(rule, outcome=Outcome.HIT, *starts, why=None):
    evidence = tuple(Evidence(start, start + 1, Role.AGENT, "") for start in starts)
    return RuleResult(rule, outcome, BilingualText(why or f"{rule}的说明", f"why {why or rule}"), evidence)


YES, NO, N_A = Answer.YES, Answer.NO, Answer.N_A
EXCELLENT, FAIR, POOR = Answer.EXCELLENT, Answer.FAIR, Answer.NEEDS_IMPROVEMENT
