"""Every page of the desk, and what reports and exports say, after a judged and appealed call was erased."""

import pytest
from sqlalchemy import delete

from pipeline.batch.subject import Found, erase_subject
from pipeline.store.label_export import WantedLabels, labelled_calls
from pipeline.store.listings import Filter, list_calls, list_hits
from pipeline.store.tables import files
from tests.review.conftest import app, client_as, desk, pack, quick_hashes, sample_store  # noqa: F401 - fixtures
from tests.review.judgements import CALL, REASON, RULE, appealed, reviewed
from tests.review.samples import LOGIN_OF


@pytest.fixture
def appeal(desk, tmp_path):  # noqa: F811
    """An appeal against a verdict on the call, which was erased since."""
    reviewed(desk)
    opened = appealed(desk)
    with desk.database.writing() as connection:
        # The samples' own files stay.
        connection.execute(delete(files))
    assert erase_subject(desk.database, Found((CALL,), 0, 0), by="dpo", playback=tmp_path).complete
    return opened


PAGES = [
    "/queue", "/queue?status=all", "/queue/peek/{call}", "/calls/{call}", "/calls/{call}/panel?newest=0&holder=x",
    "/calls/{call}/audio", "/calls/{call}/peaks", "/rules", f"/rules/{RULE}", "/appeals", "/appeals/{appeal}", "/mine",
    "/mine/{call}", "/audit", "/export/labels.jsonl",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_pages_do_without_it(client_as, appeal, path):  # noqa: F811
    for role in LOGIN_OF:
        answer = client_as(role).get(path.format(call=CALL, appeal=appeal.id))
        assert answer.status_code in (200, 303, 403, 404, 410), (role, answer.status_code)
        assert REASON not in answer.text


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/calls/{call}/take", {}),
        ("/calls/{call}/reviews", {"kind": "comment", "text": "13812345678", "key": "k" * 20}),
    ],
)
def test_nothing_can_be_said_of_it(client_as, appeal, path, sent):  # noqa: F811
    assert 400 <= client_as("wang").post(path.format(call=CALL), json=sent).status_code < 500


def test_lists_and_exports_do_without_it(desk, appeal):  # noqa: F811
    assert CALL not in {row.id for row in list_calls(desk.database, Filter())}
    assert list_hits(desk.database, Filter(recording_id=CALL)) == []
    assert [one.line for one in labelled_calls(desk.database, WantedLabels()) if one.recording.startswith("—")] == [
        None
    ]
