"""What somebody is told at once of a call, without a word that was said in it unless the site wants that."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.domain.calls import Recording, Role
from pipeline.domain.personal import shown
from pipeline.domain.results import BilingualText, Evidence, Outcome, RuleHeading, RuleResult, RuleStatus, Severity

SHOWN_MOMENTS = 3
_ROLE_NAMES = {
    Role.AGENT: BilingualText("坐席", "agent"),
    Role.CUSTOMER: BilingualText("客户", "customer"),
    Role.UNKNOWN: BilingualText("某一方", "a party"),
}
_URGENCY = {severity: place for place, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True)
class Alerting:
    """Which hits somebody is told of at once, and how much."""

    chosen: frozenset[str]
    """Ids of rules, and severities that stand for all active rules of theirs."""
    quotes: bool = False
    """Whether the explanation quotes what was said; else it says who and when."""
    desk_url: str | None = None
    """Where the review desk is reached, for a link to the call."""

    def wants(self, heading: RuleHeading) -> bool:
        """Whether a hit of the rule is told. Shadow rules flag nothing, so they tell nobody unless chosen by id."""
        if heading.id in self.chosen:
            return heading.status in (RuleStatus.ACTIVE, RuleStatus.SHADOW)
        return heading.status == RuleStatus.ACTIVE and heading.severity.value in self.chosen


@dataclass(frozen=True, slots=True)
class Alert:
    """One hit to tell."""

    id: str
    """The same for the same rule on the same recording, however often it is processed."""
    recording_id: str
    rule_id: str
    body: str
    """JSON, as it is sent."""


def alerts_of(
    recording: Recording, results: Iterable[RuleResult], headings: Sequence[RuleHeading], alerting: Alerting
) -> list[Alert]:
    """The alerts of a call, one for each hit that ``alerting`` wants, the most urgent first."""
    by_id = {heading.id: heading for heading in headings}
    wanted = [
        (by_id[result.rule_id], result)
        for result in results
        if result.outcome == Outcome.HIT and result.rule_id in by_id and alerting.wants(by_id[result.rule_id])
    ]
    wanted.sort(key=lambda one: (_URGENCY[one[0].severity], one[0].id))
    return [_alert(recording, heading, result, alerting) for heading, result in wanted]


def alert_id(recording_id: str, rule_id: str) -> str:
    """The id of an alert: 32 hex digits.

    >>> alert_id("a" * 64, "insult") == alert_id("a" * 64, "insult") != alert_id("a" * 64, "shirking")
    True
    """
    return hashlib.sha256(f"{recording_id}\n{rule_id}".encode()).hexdigest()[:32]


def _alert(recording: Recording, heading: RuleHeading, result: RuleResult, alerting: Alerting) -> Alert:
    identity = alert_id(recording.id, heading.id)
    facts = recording.metadata
    start_s = min((piece.start_s for piece in result.evidence), default=0.0)
    why = result.explanation if alerting.quotes else _moments(result.evidence)
    body: dict[str, object] = {
        "id": identity,
        "recording": shown(recording.name),
        "recording_id": recording.id,
        "started_at": facts.started_at.isoformat() if facts.started_at else None,
        "agent": facts.agent,
        "team": facts.team,
        "rule": heading.id,
        "title": {"zh": heading.title.zh, "en": heading.title.en},
        "severity": heading.severity.value,
        "error_class": heading.error_class.value,
        "start_s": round(start_s, 2),
        "confidence": None if result.confidence is None else round(result.confidence, 3),
        "explanation": {"zh": shown(why.zh), "en": shown(why.en, english=True)},
    }
    if alerting.desk_url is not None:
        body["link"] = f"{alerting.desk_url.rstrip('/')}/calls/{recording.id}?t={start_s:.1f}"
    return Alert(identity, recording.id, heading.id, json.dumps(body, ensure_ascii=False))


def _moments(evidence: Sequence[Evidence]) -> BilingualText:
    """Who and when, in no words of theirs: ``坐席 0:12、0:21`` · ``agent at 0:12, 0:21``."""
    by_role: dict[Role, list[str]] = {}
    for piece in sorted(evidence, key=lambda piece: piece.start_s):
        moments = by_role.setdefault(piece.role, [])
        moment = f"{int(piece.start_s) // 60}:{int(piece.start_s) % 60:02}"
        if moment not in moments:
            moments.append(moment)
    zh, en = [], []
    for role, moments in by_role.items():
        more = len(moments) - SHOWN_MOMENTS
        shown, name = moments[:SHOWN_MOMENTS], _ROLE_NAMES[role]
        zh.append(f"{name.zh} {'、'.join(shown)}{f' 等 {len(moments)} 处' if more > 0 else ''}")
        en.append(f"{name.en} at {', '.join(shown)}{f' and {more} more' if more > 0 else ''}")
    return BilingualText("；".join(zh), "; ".join(en))
