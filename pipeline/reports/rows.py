"""The tables of shares over three periods: accuracy by class, hits by class, and each rule."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from pipeline.domain.calibration import SubjectKind
from pipeline.domain.results import ErrorClass, RuleStatus
from pipeline.domain.sampling import Estimate, NotEnough
from pipeline.domain.scores import CRITICAL_CLASSES
from pipeline.reports.evidence import KEYS
from pipeline.reports.model import Row, RuleRow
from pipeline.reports.shares import Share, changes
from pipeline.reports.words import TITLES
from pipeline.reports.work import Work
from pipeline.store.calibration_results import trust


def class_rows(work: Work) -> tuple[Row, ...]:
    """Accuracy of each class and the pass rate."""
    three = [work.evidence.shares(work.evidence.of(period)) for period in reversed(work.periods[-3:])]
    return _rows(KEYS, three, work.estimates.result())


def hit_rows(work: Work) -> tuple[Row, ...]:
    """Calls that rules of each class hit."""
    three = [
        {one.value: Share(hits.classes[one.value], volume.checked) for one in ErrorClass}
        for hits, volume in zip(work.hits.result()[::-1], work.volumes[::-1], strict=True)
    ]
    return _rows([one.value for one in ErrorClass], three, {})


def _rows(
    keys: Sequence[str], three: Sequence[dict[str, Share]], estimates: Mapping[str, Estimate | NotEnough]
) -> tuple[Row, ...]:
    now, last, earlier = three
    against = changes([(now[key], last[key]) for key in keys])
    against_earlier = changes([(now[key], earlier[key]) for key in keys])
    return tuple(
        Row(key, TITLES[key], now[key], last[key], earlier[key], one, other, estimates.get(key))
        for key, one, other in zip(keys, against, against_earlier, strict=True)
    )


def rule_rows(work: Work) -> tuple[RuleRow, ...]:
    """Every rule that hit or was judged, the most frequent of the gravest first."""
    _, last, now = (one.rules for one in work.hits.result())
    tally: Counter[tuple[str, str]] = Counter()
    for one in work.evidence.judged:
        if one.true is not None and one.started_at >= work.wanted.period.since:
            tally[one.rule_id, ("true" if one.true else "false") if one.hit else ("missed" if one.true else "")] += 1
    rules = work.evidence.rules
    wanted = [one for one in rules.values() if now[one.id] or last[one.id] or any(key[0] == one.id for key in tally)]
    wanted = [one for one in wanted if one.status in (RuleStatus.ACTIVE, RuleStatus.SHADOW, RuleStatus.RETIRED)]
    wanted.sort(key=lambda one: (one.error_class not in CRITICAL_CLASSES, -now[one.id], one.id))
    checked = [work.volumes[-1].checked, work.volumes[-2].checked]
    pairs = [
        (Share(min(now[one.id], checked[0]), checked[0]), Share(min(last[one.id], checked[1]), checked[1]))
        for one in wanted
    ]
    trusted = trust(
        work.database,
        level=work.wanted.trust_level,
        since=work.wanted.period.until - timedelta(days=work.wanted.trust_days),
        kind=SubjectKind.RULE,
    )
    return tuple(
        RuleRow(
            one.id,
            one.title,
            one.error_class.value,
            one.status.value,
            *pair,
            change,
            Share(tally[one.id, "true"], tally[one.id, "true"] + tally[one.id, "false"]),
            tally[one.id, "missed"],
            trusted.rule(one.id).state,
        )
        for one, pair, change in zip(wanted, pairs, changes(pairs), strict=True)
    )
