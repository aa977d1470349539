"""How rules do: figures that are n/a where nobody judged, and each case with its place."""

from dataclasses import replace

import pytest

from pipeline.domain.results import Findings
from pipeline.domain.reviews import Place, ReviewKind, Verdict
from pipeline.review.routes import rules
from pipeline.store.results import Run, save_findings
from pipeline.store.reviews import reviews_of
from tests.review.judgements import CALL, OTHERS_CALL, RULE, say
from tests.review.samples import recording_id

BODY = {"key": "0123456789ab", "recording_id": CALL, "value": "bad", "turn": 3, "char_start": 25, "char_end": 32}


@pytest.mark.parametrize("rule_id", ["no-such-rule", "%00", "..%2F..%2Fetc%2Fpasswd", "a" * 201])
def test_there_is_no_such_rule(client_as, rule_id):
    assert client_as("author").get(f"/rules/{rule_id}").status_code in (400, 404, 422)


@pytest.mark.parametrize("query", ["only=all", "page=0", "page=x", "only=false&page=-1"])
def test_queries_that_mean_nothing(client_as, query):
    assert client_as("author").get(f"/rules/{RULE}?{query}").status_code == 422


def test_nothing_is_known_before_anybody_judged(client_as):
    client = client_as("author")
    listed = client.get("/rules?period=all", headers={"HX-Request": "true"}).text
    assert "n/a" in listed and ">0 %<" not in listed
    shown = client.get(f"/rules/{RULE}?period=all").text
    assert "没有驳回的命中" in shown and "没有标出漏报" in shown and "没有审核过未命中的通话" in shown


def test_figures_and_cases(desk, client_as):
    say(desk, "lin", Verdict.REJECTED, text="引用<b>别人</b>的话")
    for name in ("s02.wav", "s07.wav"):
        say(desk, "lin", Verdict.CONFIRMED, call=recording_id(name))
    shown = client_as("author").get(f"/rules/{RULE}").text
    # 2 of 3, Wilson: (0.2077, 0.9385).
    assert "66.7%" in shown and "2 / 3，区间 20.8–93.9%" in shown
    assert "误报 1" in shown and "我就要曝光</mark>" in shown and "仍命中" in shown
    # The evidence begins at 24 s or so and is heard from a second before.
    assert f'data-call="{CALL}" data-play="23.' in shown
    assert "引用&lt;b&gt;别人&lt;/b&gt;的话" in shown


def test_missed_places(desk, client_as):
    place = Place(2, 3, 8, 14.0, 15.0, quote="听我说，快")
    say(desk, "lin", Verdict.MISSED, rule="shirking", call=OTHERS_CALL, place=Place(1, 0, 2, quote="你好"))
    say(desk, "lin", Verdict.MISSED, rule="insult", place=place)
    shown = client_as("author").get("/rules/insult").text
    assert "漏报 1" in shown and "听我说，快</mark>" in shown and "仍漏报" in shown
    assert 'data-play="13.000"' in shown


def test_a_false_hit_that_the_rule_no_longer_makes(desk, client_as):
    say(desk, "lin", Verdict.REJECTED)
    again = Run("samples", "apply", "0.1", desk.pack.digest, ())
    save_findings(desk.database, {CALL: Findings(())}, again)
    shown = client_as("author").get(f"/rules/{RULE}").text
    assert "其中 1 条现已不命中" in shown and "原来的位置没有保留" in shown
    assert "0 / 1" in shown


def test_pages_of_one_kind(desk, client_as, monkeypatch):
    monkeypatch.setattr(rules, "SHOWN", 1)
    monkeypatch.setattr(rules, "PAGE", 2)
    client = client_as("author")
    first = client.get("/rules/survey-missing").text
    assert first.count('class="case"') == 1 and "only=unjudged&amp;page=1" in first
    pages = [client.get(f"/rules/survey-missing?only=unjudged&page={number}").text for number in (1, 2, 3, 4, 9)]
    assert [page.count('class="case"') for page in pages] == [2, 2, 2, 1, 0]


@pytest.mark.parametrize("sort", ["", *rules.SORTS, "no-such-column"])
def test_every_order_lists_every_rule(desk, client_as, sort):
    say(desk, "lin", Verdict.REJECTED)
    shown = client_as("author").get(f"/rules?sort={sort}").text
    assert all(f'href="/rules/{rule.id}?' in shown for rule in desk.pack.rules)


def test_undefined_precision_comes_last(desk, client_as):
    say(desk, "lin", Verdict.REJECTED)
    say(desk, "lin", Verdict.CONFIRMED, rule="survey-missing")
    shown = client_as("author").get("/rules?sort=precision").text
    places = [shown.index(f'href="/rules/{rule}?') for rule in (RULE, "survey-missing", "insult")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        pytest.param({"value": "fine"}, 422, id="neither good nor bad"),
        pytest.param({"turn": 99}, 422, id="no such turn"),
        pytest.param({"char_start": 30, "char_end": 30}, 422, id="no text"),
        pytest.param({"char_end": 9999}, 422, id="past the turn"),
        pytest.param({"recording_id": "f" * 64}, 404, id="no such call"),
        pytest.param({"recording_id": "\x00"}, 422, id="nul"),
        pytest.param({"key": ""}, 422, id="no key"),
        pytest.param({"key": "appeal:1234"}, 422, id="a key of the desk's own"),
        pytest.param({"quote": "x"}, 422, id="a field too many"),
    ],
)
def test_examples_that_are_refused(desk, client_as, change, status):
    answer = client_as("author").post(f"/rules/{RULE}/examples", json={**BODY, **change})
    assert answer.status_code == status
    assert reviews_of(desk.database, [CALL]) == {}


def test_an_example_is_kept_once(desk, client_as):
    client = client_as("author")
    for _ in range(2):
        assert client.post(f"/rules/{RULE}/examples", json=BODY).json() == {"kept": "bad"}
    (entry,) = reviews_of(desk.database, [CALL])[CALL]
    assert (entry.said.kind, entry.said.value, entry.said.rule_id) == (ReviewKind.EXAMPLE, "bad", RULE)
    text = "你让我把话说完好不好？我已经等了三天了，太让人生气了，再不解决我就要曝光你们了。"
    assert entry.said.place.quote == text[25:32]
    shown = client.get(f"/rules/{RULE}").text
    assert "- turns: [&#34;坐席: 先生您听我说" in shown and "已留作反例" in shown


def test_an_example_under_the_key_of_another_is_not_said_to_be_kept(desk, client_as):
    client = client_as("author")
    assert client.post(f"/rules/{RULE}/examples", json=BODY).status_code == 200
    elsewhere = {**BODY, "recording_id": OTHERS_CALL, "turn": 0, "char_start": 0, "char_end": 1}
    assert client.post(f"/rules/{RULE}/examples", json=elsewhere).status_code == 409
    assert client.post("/rules/insult/examples", json=BODY).status_code == 409
    assert reviews_of(desk.database, [OTHERS_CALL]) == {}


def test_who_may_not_edit_has_no_keys_for_it(client_as):
    shown = client_as("reviewer").get(f"/rules/{RULE}").text
    assert 'id="edit-sheet"' not in shown and "加入正例" not in shown


def test_a_rule_that_left_the_pack_keeps_its_figures(desk, client_as):
    say(desk, "lin", Verdict.REJECTED)
    client = client_as("author")
    without = tuple(rule for rule in desk.pack.rules if rule.id != RULE)
    client.app.state.desk = replace(desk, pack=replace(desk.pack, rules=without))
    assert "已移除" in client.get("/rules").text
    shown = client.get(f"/rules/{RULE}")
    assert shown.status_code == 200 and "规则文件已移除" in shown.text and "误报 1" in shown.text
    assert client.post(f"/rules/{RULE}/examples", json=BODY).status_code == 404
