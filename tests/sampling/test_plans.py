"""Plan files: everything that is wrong with one at once, and what a good one becomes."""

import pytest

from pipeline.domain.sampling import Allocation, PartKind, TargetKind
from pipeline.sampling.plans import PlanError, load_plan

GOOD = """id: weekly
seed: 7
reviewers: {hours: 10, calls_per_hour: 6.5}
audit: {n: 40, by: [week]}
parts:
  - {kind: random, name: everybody, n: 2, priority: 9}
  - {kind: stratified, name: teams, by: [team], share: 0.1, allocation: neyman}
  - {kind: adaptive, name: watch, n: 20, floor: 2}
  - {kind: targeted, name: complaints, what: complaints, file: list.csv, column: customer_id, share: 1}
"""
LIST = "客户,customer_id\n张,k1\n李,\n王,k2\n"


@pytest.fixture
def write(tmp_path):
    def written(text, name="plan.yaml", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return written


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        pytest.param(GOOD, "", "1:1: the file is empty", id="empty"),
        pytest.param("audit: {n: 40, by: [week]}\n", "", "1:1: a plan has a random audit", id="no audit"),
        pytest.param("{n: 40, by: [week]}", "{}", "4:8: an audit has either", id="audit of nothing"),
        pytest.param("n: 40, by", "n: 40, share: 0.1, by", "4:8: an audit has either", id="two amounts"),
        pytest.param("n: 40, by: [week]", "none_because: ''", "4:23: string should have", id="no reason"),
        pytest.param("id: weekly", "id: Our plan", "1:5: 'Our plan' is not in kebab case", id="id"),
        pytest.param("hours: 10", "hours: -1", "3:20: input should be greater than 0", id="hours"),
        pytest.param("kind: random", "kind: lucky", "6:5: 'lucky' is not known", id="kind"),
        pytest.param("kind: random, ", "", "6:5: the key 'kind' is missing", id="no kind"),
        pytest.param("n: 2,", "n: 2, share: 1,", "6:5: give either 'n'", id="part with two amounts"),
        pytest.param("n: 2,", "n: two,", "6:40: input should be a valid integer", id="no number"),
        pytest.param("n: 2,", "n: 0,", "6:40: input should be greater", id="none"),
        pytest.param("share: 0.1", "share: 10", "7:56: input should be less than or equal to 1", id="per cent"),
        pytest.param("name: watch", "name: teams", "8:28: the name 'teams' is given twice", id="same name"),
        pytest.param("name: watch", "name: audit", "8:28: the name 'audit' is given twice", id="audit's name"),
        pytest.param("floor: 2", "floors: 2", "8:42: unknown key 'floors'", id="unknown key"),
        pytest.param(
            "what: complaints", "what: long", "9:5: 'long' needs 'at_least_s'; 'column', 'file' says", id="limit"
        ),
        pytest.param("column: customer_id", "column: phone", "9:5: the column of a complaint list is", id="column"),
        pytest.param("list.csv", "none.csv", "9:64: ", id="no list"),
        pytest.param("neyman", "optimal", "'optimal' is not known; known are 'proportional'", id="allocation"),
        pytest.param("seed: 7", "seed: 7\nseed: 8", "3:1: the key 'seed' is given twice", id="twice"),
        pytest.param("seed: 7", "seed: 2147483648", "2:7: input should be less than", id="seed too large to store"),
        pytest.param("seed: 7", "seed: [", "not valid YAML", id="no YAML"),
    ],
)
def test_says_what_is_wrong_and_where(write, before, after, problem):
    write(LIST, "list.csv")
    assert before in GOOD
    with pytest.raises(PlanError) as caught:
        load_plan(write(GOOD.replace(before, after)))
    assert any(problem in one for one in caught.value.problems), caught.value.problems


def test_all_problems_come_at_once(write):
    bad = GOOD.replace("weekly", "We").replace("n: 2,", "n: two,").replace("floor: 2", "floors: 2")
    with pytest.raises(PlanError) as caught:
        load_plan(write(bad))
    lines = [problem.split(":")[1] for problem in caught.value.problems]
    assert lines == ["1", "6", "8"]


@pytest.mark.parametrize(
    ("content", "encoding", "problem"),
    [
        pytest.param("", "utf-8", "has no column 'customer_id'; it has: none", id="empty"),
        pytest.param("phone\n1\n", "utf-8", "it has: phone", id="other column"),
        pytest.param("customer_id\n\n", "utf-8", "names nothing", id="no row"),
        pytest.param('customer_id\n"' + "k" * 200_000 + '"\n', "utf-8", "is no CSV", id="endless field"),
    ],
)
def test_complaint_list_that_cannot_be_used(write, content, encoding, problem):
    write(content, "list.csv", encoding)
    with pytest.raises(PlanError, match=problem):
        load_plan(write(GOOD))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_complaint_list_as_excel_writes_it(write, encoding):
    write(LIST, "list.csv", encoding)
    plan = load_plan(write(GOOD))
    assert plan.parts[-2].target.values == {"k1", "k2"}
    assert "line 3" in plan.remarks[0].en


def test_a_plan(write):
    write(LIST, "list.csv")
    plan = load_plan(write(GOOD))
    assert (plan.id, plan.seed, plan.capacity) == ("weekly", 7, 65)
    # The audit before all, then by priority: as listed, where none is given.
    assert [part.name for part in plan.parts] == ["audit", "teams", "watch", "complaints", "everybody"]
    audit, teams, watch, complaints, everybody = plan.parts
    assert (audit.kind, audit.n, audit.by) == (PartKind.AUDIT, 40, ("week",))
    assert (teams.allocation, teams.share) == (Allocation.NEYMAN, 0.1)
    assert (watch.floor, watch.by) == (2, ("agent",))
    assert complaints.target.kind == TargetKind.COMPLAINTS
    assert everybody.by == ("agent", "week")


def test_another_complaint_list_is_another_plan(write):
    write(LIST, "list.csv")
    before = load_plan(write(GOOD)).digest
    write(LIST.replace("k2", "k3"), "list.csv")
    assert load_plan(write(GOOD)).digest != before


def test_no_audit_needs_a_reason(write):
    plan = load_plan(write("id: p\naudit: {none_because: 只做倒查}\n"))
    assert plan.parts == ()
    assert plan.no_audit_because == "只做倒查"
