"""The download of labels: the same lines as the command writes, noted before they leave."""

import json

import pytest

from pipeline.domain.reviews import Verdict
from pipeline.store.audit_log import AuditFilter, audit_entries
from pipeline.store.label_export import WantedLabels, labelled_calls
from tests.review.judgements import RULE, say

URL = "/export/labels.jsonl"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("rule=no-such-rule", 404, id="no such rule"),
        pytest.param("reviewer=nobody", 404, id="no such login"),
        pytest.param("since=yesterday", 422, id="no moment"),
        pytest.param("pseudonyms=perhaps", 422, id="neither yes nor no"),
        pytest.param("reviewer=%00", 400, id="nul"),
    ],
)
def test_what_cannot_be_exported(client_as, query, status):
    assert client_as("author").get(f"{URL}?{query}").status_code == status


@pytest.mark.parametrize("role", ["reviewer", "lead", "agent"])
def test_who_may_not_export(client_as, role):
    assert client_as(role).get(URL).status_code == 403


def test_nothing_judged_is_an_empty_file(client_as):
    answer = client_as("author").get(URL)
    assert (answer.status_code, answer.text) == (200, "")


@pytest.mark.parametrize(
    ("since", "lines"),
    [
        pytest.param("0001-01-01", 1, id="before time began in UTC"),
        pytest.param("0001-01-01T00:00:00%2B23:59", 1, id="with a zone"),
        pytest.param("9999-12-31T23:59:59-23:59", 0, id="after it ends"),
    ],
)
def test_moments_that_utc_cannot_hold(desk, client_as, since, lines):
    say(desk, "lin", Verdict.CONFIRMED)
    answer = client_as("author").get(f"{URL}?since={since}")
    assert (answer.status_code, len(answer.text.splitlines())) == (200, lines)


@pytest.mark.parametrize("query", ["", f"?rule={RULE}", "?reviewer=lin", "?pseudonyms=true", "?since=2020-01-01T00:00"])
def test_the_lines_of_the_command(desk, client_as, query):
    say(desk, "lin", Verdict.CONFIRMED)
    answer = client_as("author").get(URL + query)
    assert answer.headers["content-disposition"] == 'attachment; filename="labels.jsonl"'
    (line,) = answer.text.splitlines()
    (expected,) = labelled_calls(desk.database, WantedLabels(pseudonyms="pseudonyms" in query))
    assert line == expected.line
    assert json.loads(line)["labels"] == {RULE: True}
    (noted,) = audit_entries(desk.database, AuditFilter(action="export"))
    assert noted.login == "author"
