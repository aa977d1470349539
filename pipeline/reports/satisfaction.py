"""Fake satisfaction (虚假满意): good survey scores on calls on which the customer was angry, and the reverse."""

from pipeline.domain.results import BilingualText
from pipeline.reports.model import Heard, Satisfaction
from pipeline.reports.recordings import moment_of
from pipeline.reports.shares import Share, changes
from pipeline.reports.words import interval_of, judged, percent
from pipeline.store.database import Database
from pipeline.store.report_queries import Window
from pipeline.store.report_survey import Scale, survey_counts, survey_scale, surveyed_calls

HEAR = 5


def satisfaction(database: Database, now: Window, last: Window, desk_url: str | None) -> Satisfaction | None:
    """Scores and anger of the window; ``None`` where the period has no survey, or all scores are the same."""
    scale = survey_scale(database)
    if scale is None:
        return None
    found, before = survey_counts(database, (now, last), scale)
    if not found.judged + found.unjudged:
        return None
    fake, fake_last = Share(found.good_angry, found.good), Share(before.good_angry, before.good)
    hidden = Share(found.bad_calm, found.bad)
    (change,) = changes([(fake, fake_last)])
    hear_fake, hear_hidden = (_hear(database, now, scale, desk_url, fake=one) for one in (True, False))
    sentence = _sentence(scale, fake, hidden)
    if change is not None:
        sentence = BilingualText(
            f"{sentence.zh}与上期（{percent(fake_last.value)}）相比：{judged(change, more_is_better=False).zh}。",
            f"{sentence.en} Against the last period ({percent(fake_last.value)}):"
            f" {judged(change, more_is_better=False).en}.",
        )
    return Satisfaction(
        scale.lowest, scale.highest, scale.good, scale.bad, fake, fake_last, change, hidden,
        found.judged + found.unjudged, found.unjudged, hear_fake, hear_hidden, sentence,
    )  # fmt: skip


def _hear(database: Database, window: Window, scale: Scale, desk_url: str | None, *, fake: bool) -> tuple[Heard, ...]:
    return tuple(
        Heard(
            moment_of(call.id, call.name, call.agent, call.team, None, desk_url),
            BilingualText(f"评分 {call.score:g}", f"score {call.score:g}"),
        )
        for call in surveyed_calls(database, window, scale, fake=fake, limit=HEAR)
    )


def _sentence(scale: Scale, fake: Share, hidden: Share) -> BilingualText:
    zh, en = [], []
    if fake.n:
        zh.append(
            f"{fake.n:,} 个好评（{scale.good:g} 分起）里，{fake.part:,} 通的客户在通话中不满，"
            f"占 {percent(fake.value)}（95% 区间 {interval_of(fake)}）：这些好评不可信，要听"
        )
        en.append(
            f"Of {fake.n:,} good scores (from {scale.good:g}) {fake.part:,} are of calls with a dissatisfied customer:"
            f" {percent(fake.value)} (95 % {interval_of(fake)}). Hear these before believing them."
        )
    else:
        zh.append("没有分类器判断过的好评")
        en.append("No good score is of a call that the classifiers judged.")
    if hidden.n:
        zh.append(
            f"{hidden.n:,} 个差评（{scale.bad:g} 分及以下）里 {hidden.part:,} 通听不出不满（{percent(hidden.value)}）"
        )
        en.append(
            f"Of {hidden.n:,} bad scores (up to {scale.bad:g}) {hidden.part:,} are of calls without audible"
            f" dissatisfaction ({percent(hidden.value)})."
        )
    return BilingualText("；".join(zh) + "。", " ".join(en))
