"""Pages of calibration: who sees what, before and after a session is closed."""

import itertools

import pytest

from pipeline.domain.accounts import AccountRole
from pipeline.domain.results import BilingualText
from pipeline.domain.reviews import Verdict
from pipeline.store.accounts import set_role
from pipeline.store.calibration import NewCalibration, begin, close, find_calibration
from pipeline.store.calibration_gold import gold_of
from pipeline.store.calibration_results import opinions_of
from pipeline.store.reviews import reviews_of, standing
from tests.review.judgements import CALL, OTHERS_CALL, RULE, account, say
from tests.review.samples import recording_id

CARD = "default@1"
ADDRESS = f"/calibrations/1/calls/{CALL}"
COMPARED = f"/calibrations/1/compare/{CALL}"
CONFIRMED = {"kind": "verdict", "rule_id": RULE, "verdict": "confirmed"}
REJECTED = {"kind": "verdict", "rule_id": RULE, "verdict": "rejected", "reason": "quoted"}
FAIR = {"kind": "score", "card": CARD, "item": "rapport", "value": "fair"}
_keys = itertools.count()


@pytest.fixture
def session(desk):
    """Lin and Wang judge two calls; Wang has reviewed one of them before."""
    say(desk, "wang", Verdict.REJECTED, text="以前说的")
    people = [account(desk, login).id for login in ("lin", "wang")]
    return begin(
        desk.database,
        NewCalibration("十一月", BilingualText("点名", "by name"), [CALL, OTHERS_CALL], people, None, CARD),
    )


@pytest.fixture
def lin(client_as):
    return client_as("lin")


@pytest.fixture
def wang(client_as):
    return client_as("wang")


@pytest.fixture
def manager(client_as):
    return client_as("manager")


def tell(client, body, address=ADDRESS):
    return client.post(f"{address}/reviews", json={"key": f"cal-{next(_keys):05}", **body})


def both(lin, wang):
    """Both have judged the call, each otherwise."""
    for client, body in ((lin, CONFIRMED), (wang, REJECTED), (lin, FAIR), (wang, {**FAIR, "value": "excellent"})):
        assert tell(client, body).status_code == 200
    for client in (lin, wang):
        assert tell(client, {"kind": "finished"}).status_code == 200


def test_nobody_sees_what_others_say(desk, session, lin, wang):
    assert tell(wang, {**REJECTED, "text": "这是引用"}).status_code == 200
    tell(wang, {"kind": "comment", "text": "王珂的备注"})
    seen = [lin.get(ADDRESS), tell(lin, FAIR), lin.get(f"{ADDRESS}/panel?newest=1"), lin.get("/calibrations/1")]
    for answer in seen:
        assert answer.status_code == 200
        for words in ("王珂", "这是引用", "以前说的", "引用转述</dd>", "驳回：引用转述"):
            assert words not in answer.text
    assert "王珂" not in lin.get("/calibrations").text
    assert lin.get(COMPARED).status_code == 404


@pytest.mark.parametrize("page", [ADDRESS, f"/calls/{recording_id('s09.wav')}"], ids=["blind", "call"])
def test_a_panel_is_for_the_account_whose_page_asks(desk, session, lin, page):
    own, other = (account(desk, login).id for login in ("lin", "wang"))
    assert lin.get(f"{page}/panel?newest=1&account={own}").status_code in (200, 204)
    assert lin.get(f"{page}/panel?newest=1&account={other}").status_code == 403


def test_a_reviewer_who_became_compliance_officer_waits_for_the_end(desk, session, client_as):
    set_role(desk.database, "lin", AccountRole.COMPLIANCE)
    officer = client_as("lin")
    refused = officer.get(f"/calls/{CALL}")
    assert refused.status_code == 409 and "校准结束后才能看" in refused.text
    close(desk.database, 1)
    assert officer.get(f"/calls/{CALL}").status_code == 200


def test_the_call_itself_is_closed_to_who_judges_it_blind(session, lin, manager):
    assert lin.get(f"/calls/{CALL}").headers["location"] == ADDRESS
    assert lin.get(f"/calls/{CALL}/panel").status_code == 409
    assert lin.post(f"/calls/{CALL}/reviews", json={"key": "cal-key-1", **CONFIRMED}).status_code == 409
    assert manager.get(f"/calls/{CALL}").status_code == 200


def test_nothing_is_filled_in_beforehand(session, lin):
    page = lin.get(ADDRESS).text
    assert "共 16 项：自动 0，改判 0，待评 16" in page


def test_what_is_said_stays_in_the_session(desk, session, lin):
    before = reviews_of(desk.database, [CALL])
    assert tell(lin, CONFIRMED).status_code == 200
    assert reviews_of(desk.database, [CALL]) == before
    assert [one.value for one in opinions_of(desk.database, session)] == ["yes"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param({"kind": "correction", "turn": 0, "text": "别的"}, "不改转写", id="correction"),
        pytest.param({"kind": "example", "turn": 0, "value": "good"}, "不改转写", id="example"),
        pytest.param({**CONFIRMED, "rule_id": "nothing"}, "没有运行规则", id="unknown rule"),
    ],
)
def test_refuses_what_a_session_does_not_take(session, lin, body, says):
    answer = tell(lin, body)
    assert answer.status_code == 422
    assert says in answer.text


def test_refuses_rules_and_cards_that_are_not_judged(desk, lin):
    people = [account(desk, "lin").id]
    begin(desk.database, NewCalibration("规则", BilingualText("", ""), [CALL], people, [RULE], None))
    page = lin.get(ADDRESS).text
    assert "tab-card" not in page
    assert f'data-row="{RULE}"' in page
    assert 'data-row="survey-missing"' not in page
    assert tell(lin, CONFIRMED).status_code == 200
    assert tell(lin, {**CONFIRMED, "rule_id": "survey-missing"}).status_code == 422
    assert tell(lin, FAIR).status_code == 422


def test_sent_twice_it_is_stored_once(desk, session, lin):
    for _ in range(2):
        assert lin.post(f"{ADDRESS}/reviews", json={"key": "cal-same-1", **CONFIRMED}).status_code == 200
    assert len(opinions_of(desk.database, session)) == 1


def test_who_is_not_in_it_finds_nothing(session, client_as):
    author = client_as("author")
    for address in ("/calibrations/1", ADDRESS, COMPARED, "/calibrations/9"):
        assert author.get(address).status_code == 404
    assert tell(author, CONFIRMED).status_code == 404
    assert "十一月" not in author.get("/calibrations").text


def test_a_manager_who_judges_waits_like_everybody(desk, manager, lin):
    people = [account(desk, login).id for login in ("lin", "manager")]
    begin(desk.database, NewCalibration("一起", BilingualText("", ""), [CALL], people, None, CARD))
    tell(lin, CONFIRMED)
    assert manager.get(COMPARED).status_code == 404
    assert "要判的通话" in manager.get("/calibrations/1").text
    assert "一致性" not in manager.get("/calibrations/1").text
    close(desk.database, 1)
    assert manager.get(COMPARED).status_code == 200


def test_closing_opens_the_results_to_who_judged(desk, session, lin, wang, manager):
    both(lin, wang)
    assert manager.post("/calibrations/1/close").status_code == 303
    assert manager.post("/calibrations/1/close").status_code == 409
    assert tell(lin, CONFIRMED).status_code == 409
    assert lin.get(ADDRESS).headers["location"] == COMPARED
    assert lin.get(f"/calls/{CALL}").status_code == 200
    page = lin.get(COMPARED).text
    assert "王珂" in page and "引用转述" in page
    assert "gold." not in page
    assert "分歧最大的通话" in lin.get("/calibrations/1").text


def test_gold_is_decided_and_becomes_the_verdict(desk, session, lin, wang, manager):
    both(lin, wang)
    refused = manager.post(COMPARED, data={f"gold.{RULE}": "yes"})
    assert refused.status_code == 409 and "还没有结束" in refused.text
    close(desk.database, session)
    assert lin.post(COMPARED, data={f"gold.{RULE}": "yes"}).status_code == 403
    chosen = {f"gold.{RULE}": "yes", f"gold.{CARD}:rapport": "fair", "note": "听三遍"}
    assert manager.post(COMPARED, data=chosen).status_code == 303
    stands = standing(desk.database, CALL)
    assert stands.verdicts[RULE].said.verdict == Verdict.CONFIRMED
    assert stands.scores[CARD, "rapport"].said.value == "fair"
    assert {one.value for one in gold_of(desk.database, session)} == {"yes", "fair"}
    assert "听三遍" in lin.get(COMPARED).text
    # Clear rules that both left alone are agreed on; those become gold in one go.
    answer = manager.post("/calibrations/1/agreed")
    assert answer.status_code == 303
    assert len(gold_of(desk.database, session)) > 2
    page = lin.get("/calibrations/1").text
    assert "与标准答案一致" in page
    assert "林晓燕" in lin.get("/calibrations").text


def test_a_session_is_begun_on_the_page(desk, manager, lin):
    form = {"name": "随机", "how": "random", "n": 3, "judges": [account(desk, "lin").id], "rules": [RULE], "seed": 4}
    answer = manager.post("/calibrations", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/calibrations/1")
    made = find_calibration(desk.database, 1)
    assert (len(made.calls), made.rules, made.card) == (3, (RULE,), CARD)
    assert "我还有 3 通" in lin.get("/calibrations").text


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"judges": [99]}, id="nobody"),
        pytest.param({"rules": ["nothing"]}, id="no such rule"),
        pytest.param({"how": "draw", "n": 7}, id="no such draw"),
        pytest.param({"n": 0}, id="no calls"),
    ],
)
def test_a_session_that_makes_no_sense_is_not_begun(desk, manager, changes):
    form = {"name": "随机", "how": "random", "n": 3, "judges": [account(desk, "lin").id], **changes}
    assert manager.post("/calibrations", data=form).status_code == 422
    assert find_calibration(desk.database, 1) is None


def test_one_person_alone_gives_no_number(desk, lin, manager):
    people = [account(desk, "lin").id]
    begin(desk.database, NewCalibration("一人", BilingualText("", ""), [CALL], people, None, CARD))
    tell(lin, CONFIRMED)
    page = manager.get("/calibrations/1").text
    assert "只有一个人判" in page
    assert "没有两人都判过的通话" in page


def test_a_rule_whose_judges_disagree_is_marked(desk, session, lin, wang, manager):
    assert "未校准" in manager.get("/rules").text
    both(lin, wang)
    close(desk.database, session)
    for address in ("/rules", f"/rules/{RULE}"):
        page = manager.get(address).text
        assert "没有两人都判过" not in page
        assert "校准" in page
    # One call alone tells nothing: the pages say why.
    assert "未校准" in manager.get(f"/rules/{RULE}").text


def test_the_page_of_a_rule_keeps_calls_back_that_are_judged_blind(session, lin, manager):
    # Wang had rejected the hit before: a false hit of the rule, for everybody but who judges the call blind.
    assert f"/calls/{CALL}" in manager.get(f"/rules/{RULE}").text
    assert f"/calls/{CALL}" not in lin.get(f"/rules/{RULE}?only=false").text
