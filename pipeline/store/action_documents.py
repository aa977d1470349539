"""Baselines and outcomes of actions as JSON documents, and back."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.actions import Assessment, Baseline, Chosen, Count, Verdict
from pipeline.domain.periods import Period, Unit
from pipeline.domain.results import BilingualText

Document = dict[str, Any]


def baseline_document(base: Baseline) -> Document:
    """The baseline, its period with the zone that it was made in."""
    return {
        "period": {
            "unit": base.period.unit.value,
            "since": base.period.since.isoformat(),
            "until": base.period.until.isoformat(),
            "zone": str(base.period.since.tzinfo),
        },
        "title": asdict(base.title),
        "count": asdict(base.count),
        "earlier": [asdict(one) for one in base.earlier],
        "rank": base.rank,
        "peers": base.peers,
        "chosen": base.chosen.value,
        "flagged_heard": list(base.flagged_heard),
        "rules": list(base.rules),
    }


def read_baseline(document: Document) -> Baseline:
    """The baseline of the document."""
    period = document["period"]
    zone = ZoneInfo(period["zone"])
    flagged_heard, flagged, others_heard, others = document["flagged_heard"]
    return Baseline(
        in_zone(Unit(period["unit"]), _moment(period["since"]), _moment(period["until"]), zone),
        BilingualText(**document["title"]),
        Count(**document["count"]),
        tuple(Count(**one) for one in document["earlier"]),
        document["rank"],
        document["peers"],
        Chosen(document["chosen"]),
        (flagged_heard, flagged, others_heard, others),
        tuple(document["rules"]),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def in_zone(unit: Unit, since: datetime, until: datetime, zone: ZoneInfo) -> Period:
    """The period by the clock of the zone."""
    return Period(unit, since.astimezone(zone), until.astimezone(zone))


def outcome_document(found: Assessment) -> Document:
    """The outcome."""
    return asdict(found) | {"verdict": found.verdict.value}


def read_outcome(document: Document) -> Assessment:
    """The outcome of the document."""
    notes = tuple(BilingualText(**one) for one in document["notes"])
    rest = {name: value for name, value in document.items() if name not in ("verdict", "count", "notes")}
    return Assessment(Verdict(document["verdict"]), Count(**document["count"]), notes=notes, **rest)
