"""Metrics of the desk: by route, and nothing of calls, people or what they look for."""

import pytest
from fastapi.testclient import TestClient
from prometheus_client import generate_latest

from pipeline.review.app import create_app
from pipeline.review.request_metrics import RequestMetrics
from tests.review.conftest import log_in
from tests.review.judgements import CALL


@pytest.fixture
def counted(desk):
    """A client of a desk that counts, and what it has counted."""
    metrics = RequestMetrics()
    with TestClient(create_app(desk, metrics=metrics), base_url="http://localhost", follow_redirects=False) as client:
        log_in(client, "lin")
        yield client, lambda: generate_latest(metrics.registry).decode()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/no-such-page/s10.opus", 'route="none",status="404"'),
        (f"/calls/{CALL}", 'route="/calls/{recording_id}",status="200"'),
        (f"/calls/{'0' * 64}", 'route="/calls/{recording_id}",status="404"'),
        ("/queue?q=insult", 'route="/queue",status="200"'),
        ("/static/desk.js", 'route="/static/{path:path}",status="307"'),
        ("/audit", 'route="/audit",status="403"'),
    ],
    ids=["none", "call", "no call", "search", "static", "refused"],
)
def test_a_request_is_counted_by_its_route(counted, path, line):
    client, told = counted
    client.get(path)
    assert f'earmark_desk_requests_total{{method="GET",{line}}} 1.0' in told()
    assert "earmark_desk_requests_open 0.0" in told()


def test_nothing_personal_is_in_a_label(counted):
    client, told = counted
    client.get(f"/calls/{CALL}")
    client.get("/queue?q=insult&agent=A1031")
    client.request("PROPFIND", "/queue")
    for personal in (CALL, "insult", "A1031", "lin", "林晓燕", "PROPFIND"):
        assert personal not in told()
    assert 'method="other"' in told()


def test_a_static_file_is_one_route(counted):
    client, told = counted
    address = client.get("/static/desk.js").headers["location"]
    assert client.get(address).status_code == 200
    assert 'route="/static",status="200"' in told()
