"""Synthetic calls for the review desk's benchmark: transcripts made of templates, hits, predictions, reviews.

What matters is that the database looks like one after months of work: as many rows, indexes of their real size, rules
that hit a fifth of the calls and rules that hit one in a thousand, common and rare words. Nothing here says how good
rules are.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Table, insert

from pipeline.domain.calls import Role, Turn, Word
from pipeline.domain.predictions import Prediction, Predictions
from pipeline.domain.results import Severity
from pipeline.domain.risk import risk_of
from pipeline.domain.signals import Signals
from pipeline.privacy.masking import MASKING
from pipeline.store import documents
from pipeline.store.database import Database
from pipeline.store.review_tables import accounts, review_items, reviews
from pipeline.store.search import index_call
from pipeline.store.tables import (
    evaluations,
    evidence,
    ledger,
    pack_rules,
    predictions,
    recordings,
    rule_results,
    runs,
    transcripts,
)
from rules.loader import load_packs, standard_pack_dir
from rules.rule import Rule, RulePack

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "samples" / "s01.wav"
"""Sound for all calls: what is timed is the desk, not the disk."""
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
RUN = "benchmark"
TEAMS = ("售后一组", "售后二组", "售前组", "金融组", "宽带组", "保险组", "物流组", "大客户组")
AGENTS = 400
REVIEWERS = ("林晓燕", "王珂", "赵一鸣", "陈思远", "何静", "孙立", "周敏", "吴桐")
QUEUES = ("物流", "退款", "咨询", "信用卡", "宽带报修", "续保")
REVIEWED = 0.06
DOUBTFUL = 0.05
RARE_WORD, COMMON_WORD, ABSENT_WORD = "碳纤维鱼竿", "订单", "翡翠龙舟"
RARE = 0.0005
_GREETING = ("您好，{company}客服中心，工号{agent}为您服务，请问有什么可以帮您？", "您好，请问有什么可以帮到您？")
_CUSTOMER = (
    "我{day}买的{thing}到现在还没有发货，你帮我看一下是怎么回事。",
    "我的订单尾号是{number}，麻烦您查一下。",
    "那这个运费是谁来承担呢？我觉得不应该由我来出吧。",
    "{thing}收到的时候外包装就已经破了，我拍了照片的。",
    "好的，那大概需要几天才能到账？",
    "我不太明白，你能再说一遍吗？",
    "我现在不在家，能不能改到{day}下午再送？",
    "嗯，行，那我等你们消息吧。",
    "上次那个客服跟我说的是三个工作日，现在都第{digit}天了。",
)
_AGENT = (
    "好的，请您稍等，我帮您查询一下订单尾号{number}的物流信息。",
    "感谢您的耐心等待，这边看到您的{thing}是{day}从仓库发出的。",
    "非常抱歉给您带来不便，我这边马上给您登记处理。",
    "请问您的收件地址有没有变化？我跟您核对一下。",
    "退款会原路退回到您的付款账户，一般需要一到{digit}个工作日。",
    "这个情况我已经帮您反馈给仓库的同事了，预计{day}之前给您回复。",
    "麻烦您提供一下手机号的后四位，我核实一下身份。",
    "您看这样处理可以吗？",
    "请问还有其他可以帮您的吗？",
)
_CLOSING = ("感谢您的来电，请您稍后对我的服务做出评价，祝您生活愉快，再见。", "好的，再见。")
_THINGS = ("空气净化器", "电饭煲", "羽绒服", "蓝牙耳机", "行李箱", "儿童座椅", "投影仪", "洗地机", "跑步机", "咖啡机")
_DAYS = ("昨天", "上周三", "月初", "双十一那天", "前天晚上", "星期五")
_SAID: dict[str, tuple[str, ...]] = {
    "insult": ("你这人是不是〈神经病〉，我说了多少遍了", "你〈脑子有问题〉吧"),
    "privacy-disclosure": ("您的卡号是〈六二二八四八零零一二三四五六七八〉对吧",),
    "sensitive-request": ("麻烦您把刚收到的〈短信验证码报给我〉一下",),
    "forbidden-phrase": ("这个〈我不知道〉，你去问银行", "〈规定就是这样〉的，我也没办法"),
    "shirking": ("〈不归我管〉，您找快递公司去吧", "〈这不是我们部门的事〉"),
    "overpromise": ("这款产品〈百分之百保本〉，稳赚不赔的",),
    "casual-language": ("〈咋整啊〉，那你先等着呗",),
    "escalation-risk": ("再不解决我就要〈曝光〉你们了", "这是第三次打了，再不行我〈找12315〉"),
    "churn-risk": ("不用了，我〈换一家〉算了",),
    "repeat-contact": ("我〈之前打过两次电话〉了，还是没有人处理",),
    "interruption": ("先生您〈听我说〉",),
    "loudness": ("〈您先听我讲完行不行〉",),
}
"""What the quoted words of a hit stand in; rules that are not here hit without words, such as a silence."""
_RATE = {Severity.CRITICAL: 0.004, Severity.ALERT: 0.02, Severity.MINOR: 0.06}
_CUSTOMER_RULES = ("escalation-risk", "churn-risk", "repeat-contact")


@dataclass(frozen=True)
class MadeCall:
    """The rows of one call by table, and its turns."""

    recording_id: str
    turns: tuple[Turn, ...]
    rows: dict[Table, list[dict[str, object]]]


def fill(database: Database, count: int, seed: int) -> None:
    """Writes ``count`` calls with everything the desk shows of them, and the people who work there."""
    rng = random.Random(seed)
    pack = prepare_desk(database)
    tables = (
        recordings, ledger, transcripts, evaluations, predictions, rule_results, evidence, review_items, reviews
    )  # fmt: skip
    batch = 2_000
    for start in range(0, count, batch):
        made = [make_call(rng, number, pack.rules) for number in range(start, min(count, start + batch))]
        with database.writing() as connection:
            for table in tables:
                rows = [row for call in made for row in call.rows.get(table, ())]
                if rows:
                    connection.execute(insert(table), rows)
            for call in made:
                index_call(connection, call.recording_id, call.turns)


def prepare_desk(database: Database) -> RulePack:
    """Writes the people who work there and a run, and gives its rules."""
    pack = load_packs([standard_pack_dir()])
    with database.writing() as connection:
        # One after another, so that an empty database numbers them from 1.
        for row in _accounts():
            connection.execute(insert(accounts), row)
        connection.execute(insert(runs), [_run(pack.digest)])
        connection.execute(insert(pack_rules), [_pack_rule(rule, pack.digest) for rule in pack.rules])
    return pack


def _accounts() -> Iterator[dict[str, object]]:
    people = [
        *((name, "reviewer") for name in REVIEWERS),
        ("郭经理", "manager"),
        ("系统", "admin"),
        ("方主管", "author"),
    ]
    for number, (name, role) in enumerate(people, start=1):
        yield {
            "login": f"{role}{number}",
            "name": name,
            "role": role,
            "password_hash": "!",
            "active": True,
            "language": "zh",
            "created_at": NOW,
        }


def _run(digest: str) -> dict[str, object]:
    return {
        "id": RUN,
        "command": "run",
        "started_at": NOW - timedelta(hours=8),
        "finished_at": NOW - timedelta(hours=2),
        "code_version": "benchmark",
        "pack_digest": digest,
        "asr_digest": "0" * 64,
    }


def _pack_rule(rule: Rule, digest: str) -> dict[str, object]:
    return {
        "pack_digest": digest,
        "rule_id": rule.id,
        "title_zh": rule.title.zh,
        "title_en": rule.title.en,
        "severity": rule.severity.value,
        "error_class": rule.error_class.value,
        "status": rule.status.value,
    }


def make_call(rng: random.Random, number: int, rules: Sequence[Rule]) -> MadeCall:
    """One call: hits first, then a transcript that says their words, then the rows that describe both."""
    recording_id = hashlib.sha256(f"call {number}".encode()).hexdigest()
    unlucky = rng.random() < 0.3
    hit = [rule for rule in rules if rng.random() < _RATE[rule.severity] * (3 if unlucky else 0.3)]
    turns, pieces = _talk(rng, number, hit, words=number % 50 == 0)
    duration_s = turns[-1].end_s + 1.5
    active = [(rule, rng.uniform(0.4, 1.0)) for rule in hit if rule.status.value == "active"]
    said = _predicted(rng, unlucky=unlucky)
    doubtful = rng.random() < DOUBTFUL
    counts = [sum(rule.severity is severity for rule, _ in active) for severity in Severity]
    risk = risk_of([(rule.severity, sure) for rule, sure in active], said)
    flags = {"flagged": bool(active), "wanted": bool(active), "doubtful": doubtful}
    item = {"recording_id": recording_id, "risk": risk, **flags}
    agent = rng.randrange(AGENTS)
    started_at = NOW - timedelta(minutes=rng.randrange(60 * 24 * 60))
    done = bool(active) and rng.random() < REVIEWED
    reviewer = 1 + rng.randrange(len(REVIEWERS)) if done or rng.random() < 0.02 else None
    done_at = min(NOW, started_at + timedelta(hours=rng.randrange(1, 72))) if done else None
    item |= {"done": done, "assignee_id": reviewer, "done_by": reviewer if done else None, "done_at": done_at}
    common = {"recording_id": recording_id}
    made: dict[Table, list[dict[str, object]]] = {
        recordings: [_recording(rng, recording_id, number, agent, started_at, duration_s)],
        ledger: [common | {"state": "done", "attempts": 1, "run_id": RUN, "updated_at": NOW}],
        transcripts: [_transcript(common, turns, duration_s)],
        evaluations: [
            common
            | dict(zip(("critical", "alert", "minor"), counts, strict=True))
            | {"run_id": RUN, "not_evaluable": int(doubtful), "errors": 0}
        ],
        predictions: [_prediction(common, said)],
        rule_results: [_result(common, rule) for rule in hit] + _doubt(common, rules, hit, doubtful=doubtful),
        evidence: pieces_of(recording_id, pieces),
        review_items: [item],
    }
    if done:
        made[reviews] = [_verdict(common, rule, int(reviewer or 1), started_at, rng) for rule, _ in active]
    return MadeCall(recording_id, turns, made)


def _talk(
    rng: random.Random, number: int, hit: Sequence[Rule], *, words: bool
) -> tuple[tuple[Turn, ...], list[dict[str, object]]]:
    """Turns of 400 to 1,700 characters in all, and the evidence of the rules hit in them."""
    lines: list[tuple[Role, str, str | None]] = [(Role.AGENT, rng.choice(_GREETING), None)]
    for _ in range(rng.randrange(8, 34)):
        lines.append((Role.CUSTOMER, rng.choice(_CUSTOMER), None))
        lines.append((Role.AGENT, rng.choice(_AGENT), None))
    for rule in hit:
        role = Role.CUSTOMER if rule.id in _CUSTOMER_RULES else Role.AGENT
        said = rng.choice(_SAID[rule.id]) if rule.id in _SAID else ""
        lines.insert(rng.randrange(1, len(lines)), (role, said, rule.id))
    if rng.random() < RARE:
        lines.append((Role.CUSTOMER, f"我问的是那根{RARE_WORD}。", None))
    lines.append((Role.AGENT, rng.choice(_CLOSING), None))
    turns: list[Turn] = []
    pieces: list[dict[str, object]] = []
    at_s = 0.8
    for role, template, rule_id in lines:
        text = template.format(
            company="安心", agent=f"A{1000 + number % AGENTS}", number=f"{rng.randrange(10_000):04}",
            thing=rng.choice(_THINGS), day=rng.choice(_DAYS), digit=rng.choice("三五七十"),
        )  # fmt: skip
        plain = text.replace("〈", "").replace("〉", "")
        end_s = at_s + max(0.2 * len(plain), 11.0 if rule_id and not plain else 0.4)
        if rule_id is not None:
            pieces.append(_piece(rng, rule_id, role, text, len(turns) if plain else None, at_s, end_s))
        if plain:
            channel = 0 if role is Role.AGENT else 1
            timed = _words(plain, at_s, end_s) if words else ()
            turns.append(Turn(len(turns), role, round(at_s, 3), round(end_s, 3), plain, channel, timed))
        at_s = end_s + 0.3
    return tuple(turns), pieces


def _words(text: str, start_s: float, end_s: float) -> tuple[Word, ...]:
    step = (end_s - start_s) / len(text)
    return tuple(Word(each, start_s + n * step, start_s + (n + 1) * step, 0.9) for n, each in enumerate(text))


def _piece(
    rng: random.Random, rule_id: str, role: Role, text: str, turn: int | None, start_s: float, end_s: float
) -> dict[str, object]:
    before, _, rest = text.partition("〈")
    quote = rest.partition("〉")[0]
    return {
        "rule_id": rule_id,
        "position": 0,
        "turn": turn,
        "char_start": len(before) if turn is not None else None,
        "char_end": len(before) + len(quote) if turn is not None else None,
        "start_s": round(start_s, 3),
        "end_s": round(end_s, 3),
        "role": role.value if turn is not None else Role.UNKNOWN.value,
        "quote": quote,
        "confidence": round(rng.uniform(0.4, 1.0), 2),
        "by_sound": rng.random() < 0.05,
    }


def pieces_of(recording_id: str, pieces: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """The pieces with the call they are of."""
    return [{"recording_id": recording_id, **piece} for piece in pieces]


def _predicted(rng: random.Random, *, unlucky: bool) -> Predictions:
    dissatisfied = rng.betavariate(3, 3) if unlucky else rng.betavariate(1, 12)
    return Predictions(
        dissatisfied=Prediction("dissatisfied", dissatisfied, 0.5, "d" * 64),
        escalation=Prediction("escalation", dissatisfied * rng.random(), 0.4, "e" * 64),
        sentiments=(),
        sentiment_model="s" * 64,
        sentiment_threshold=0.5,
    )


def _recording(
    rng: random.Random, recording_id: str, number: int, agent: int, started_at: datetime, duration_s: float
) -> dict[str, object]:
    return {
        "id": recording_id,
        "name": f"{started_at:%Y%m%d}-{number:06}.wav",
        "uri": str(SAMPLE),
        "size_bytes": 1_000_000,
        "added_at": NOW,
        "agent": f"A{1000 + agent}",
        "team": TEAMS[agent % len(TEAMS)],
        "queue": rng.choice(QUEUES),
        "direction": "inbound",
        "started_at": started_at,
        "started_at_offset_min": 480,
        "extra": {},
        "channel_roles": ["agent", "customer"],
        "duration_s": duration_s,
        "sample_rate_hz": 8000,
        "channel_count": 2,
        "codec": "pcm_s16le",
        "container": "wav",
    }


def _transcript(common: dict[str, str], turns: tuple[Turn, ...], duration_s: float) -> dict[str, object]:
    return {
        **common,
        "run_id": RUN,
        "asr_digest": "0" * 64,
        "language": "zh",
        "duration_s": duration_s,
        "characters": sum(len(turn.text) for turn in turns),
        "turns": documents.encode_turns(turns),
        "signals": _SIGNALS,
        "masking": MASKING,
    }


_SIGNALS = documents.encode_signals(Signals())


def _prediction(common: dict[str, str], said: Predictions) -> dict[str, object]:
    return {
        **common,
        "run_id": RUN,
        "dissatisfied": said.dissatisfied.probability,
        "dissatisfied_flagged": said.dissatisfied.flagged,
        "escalation": said.escalation.probability,
        "escalation_flagged": said.escalation.flagged,
        "dissatisfied_model": said.dissatisfied.model,
        "escalation_model": said.escalation.model,
        "sentiment_model": said.sentiment_model,
        "document": documents.encode_predictions(said),
    }


def _result(common: dict[str, str], rule: Rule, outcome: str = "hit") -> dict[str, object]:
    return {
        **common,
        "rule_id": rule.id,
        "outcome": outcome,
        "severity": rule.severity.value,
        "error_class": rule.error_class.value,
        "status": rule.status.value,
        "explanation_zh": "坐席说了规则列出的话",
        "explanation_en": "the agent said what the rule lists",
    }


def _doubt(
    common: dict[str, str], rules: Sequence[Rule], hit: Sequence[Rule], *, doubtful: bool
) -> list[dict[str, object]]:
    """One rule that could not be judged."""
    open_rules = [rule for rule in rules if rule not in hit and rule.status.value == "active"]
    return [_result(common, open_rules[0], "not_evaluable")] if doubtful else []


def _verdict(common: dict[str, str], rule: Rule, reviewer: int, at: datetime, rng: random.Random) -> dict[str, object]:
    return {
        **common,
        "kind": "verdict",
        "account_id": reviewer,
        "at": at,
        "key": f"{rng.getrandbits(128):032x}",
        "rule_id": rule.id,
        "outcome": "hit",
        "run_id": RUN,
        "verdict": rng.choice(("confirmed", "confirmed", "confirmed", "rejected", "unsure")),
    }
