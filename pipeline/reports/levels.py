"""Centre → own or outsourced → department → skill → team → agent, each level whole.

Who differs from all others by more than noise is told.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from pipeline.domain.results import BilingualText
from pipeline.reports.evidence import Evidence
from pipeline.reports.model import Group
from pipeline.reports.nature import Spread, spreads
from pipeline.reports.shares import Change, Tally, changes
from pipeline.store.report_columns import OWN as OWN_WORDS
from pipeline.store.report_queries import EvaluatedCall

UNKNOWN = "—"
OWN, OUTSOURCED = "own", "outsourced"
"""Names of the groups of the level ``sourcing``; words.SOURCING has them in both languages."""
Name = Callable[[EvaluatedCall], str | None]
LEVELS: dict[str, Name] = {
    "department": lambda call: call.department,
    "skill": lambda call: call.skill,
    "team": lambda call: call.team,
    "agent": lambda call: call.agent,
}


def levels(
    evidence: Evidence, calls: Sequence[EvaluatedCall], sites: Mapping[str, str]
) -> dict[str, tuple[Group, ...]]:
    """The groups of every level that metadata tell of, most calls first. Calls without a name there are one group.

    ``sites``: recording id → who employs the agent; where several contractors do, they are a level as well.
    """

    def vendor(call: EvaluatedCall) -> str | None:
        site = sites.get(call.id)
        return OWN if site is not None and site.lower() in OWN_WORDS else site

    def sourcing(call: EvaluatedCall) -> str | None:
        found = vendor(call)
        return found if found in (OWN, None) else OUTSOURCED

    named: dict[str, Name] = {"sourcing": sourcing}
    if len({vendor(call) for call in calls} - {OWN, None}) > 1:
        named["vendor"] = vendor
    found = {}
    whole = evidence.tallies(calls)
    for level, name in (named | LEVELS).items():
        grouped = evidence.grouped(calls, name)
        if set(grouped) - {None}:
            found[level] = _groups(level, evidence, grouped, whole)
    return found


def _groups(
    level: str, evidence: Evidence, grouped: dict[str | None, list[EvaluatedCall]], whole: dict[str, Tally]
) -> tuple[Group, ...]:
    tallies = {name: evidence.tallies(calls) for name, calls in grouped.items()}
    shares = {name: {key: evidence.share(tally) for key, tally in mine.items()} for name, mine in tallies.items()}
    # Where all is clear inside and outside nothing can differ, and need not be tested.
    pairs = [
        (name, key, share, evidence.share(whole[key] - tallies[name][key]))
        for name, mine in shares.items()
        for key, share in mine.items()
        if len(grouped) > 1 and whole[key].yes < whole[key].calls
    ]
    tested = changes([(share, rest) for _, _, share, rest in pairs])
    differs: dict[str | None, dict[str, Change]] = {}
    for (name, key, _, _), change in zip(pairs, tested, strict=True):
        if change is not None and change.beyond:
            differs.setdefault(name, {})[key] = change
    groups = [
        Group(
            level,
            name or UNKNOWN,
            len(calls),
            shares[name],
            differs.get(name, {}),
            tuple(sorted({call.team or UNKNOWN for call in calls})) if level == "agent" else (),
        )
        for name, calls in grouped.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-len(group.differs), -group.calls, group.name)))


def problems(evidence: Evidence, calls: Sequence[EvaluatedCall]) -> list[Spread]:
    """Every error in every team: common, individual, both, or noise. Calls without an agent are left out."""
    teams: dict[str, Counter[str]] = {}
    errors: dict[str, Counter[tuple[str, str]]] = {}
    for call in calls:
        if call.agent is None:
            continue
        team = call.team or UNKNOWN
        teams.setdefault(team, Counter())[call.agent] += 1
        for rule_id in evidence.errors.get(call.id, ()):
            errors.setdefault(rule_id, Counter())[team, call.agent] += 1
    return spreads(teams, errors)


def level_warnings(evidence: Evidence, calls: Sequence[EvaluatedCall]) -> list[BilingualText]:
    """Agents who changed team, and calls that no agent or team is known of."""
    told = []
    teams: dict[str, set[str]] = {}
    for call in calls:
        if call.agent is not None and call.team is not None:
            teams.setdefault(call.agent, set()).add(call.team)
    moved = sorted(agent for agent, names in teams.items() if len(names) > 1)
    if moved:
        shown = "、".join(moved[:5]) + ("…" if len(moved) > 5 else "")
        zh = f"{len(moved)} 名坐席本期换过班组（{shown}）：每通算在通话时所在的班组，坐席一行是两处合计。"
        some = ", ".join(moved[:5]) + ("…" if len(moved) > 5 else "")
        en = (
            f"Agents who changed team in the period: {len(moved)} ({some}); each call counts for the team of that time,"
        )
        en += " the agent's row has both."
        told.append(BilingualText(zh, en))
    for name, zh_name, en_name in (("agent", "坐席", "agent"), ("team", "班组", "team")):
        missing = sum(getattr(call, name) is None for call in calls)
        if missing:
            zh = f"{missing:,} 通评估过的通话不知道{zh_name}，列在“{UNKNOWN}”。"
            told.append(BilingualText(zh, f"Evaluated calls of an unknown {en_name}: {missing:,}, see “{UNKNOWN}”."))
    agents = {call.agent for call in calls if call.agent}
    if len(agents) == 1:
        zh = "只有一名坐席：分不出共性与个性，也没有可比的人。"
        told.append(
            BilingualText(zh, "There is one agent only: nobody to compare with, and no common problem to tell.")
        )
    return told
