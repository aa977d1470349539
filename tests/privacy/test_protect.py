"""Databases of earlier versions are masked, keys change, rules run again: on both databases, and cut off halfway."""

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from pipeline.batch import protect as protecting
from pipeline.batch.doctor.privacy import check_privacy
from pipeline.batch.judging import Judge
from pipeline.batch.protect import protect, rotate
from pipeline.batch.reapply import reapply
from pipeline.batch.rule_set import headings, load_rules
from pipeline.cli import app as command
from pipeline.domain.errors import ConfigError
from pipeline.domain.personal import is_masked
from pipeline.domain.reviews import ReviewKind
from pipeline.privacy.keys import add_key
from pipeline.privacy.sealing import SealError, open_transcript, pseudonym
from pipeline.settings import load_settings
from pipeline.store.database import connect
from pipeline.store.originals import originals, originals_by_key, originals_of
from pipeline.store.protecting import count_masked_before, count_unmasked
from pipeline.store.results import Run, stored_call, stored_calls
from pipeline.store.review_tables import reviews
from pipeline.store.reviews import add_review
from pipeline.store.tables import recordings
from tests.privacy.identities import Identity
from tests.privacy.masked_desk import MOBILE, SPOKEN, fill
from tests.privacy.search import Search, columns_with
from tests.store.judgements import person, said

pytestmark = pytest.mark.slow
SEARCH = Search([Identity("王翀昶", MOBILE, "33010619900101001X", "6222020000000000000", "abcde@example.com", "某市")])


@pytest.fixture
def keys(tmp_path):
    return add_key(tmp_path / "keys")


@pytest.fixture
def older(empty_store, keys):
    """A database of an earlier version: nothing is masked, and people wrote in it."""
    calls = fill(empty_store, keys, masked=False)
    add_review(
        empty_store,
        said(calls[0], person(empty_store, "lin"), kind=ReviewKind.COMMENT, rule=None, text=f"请回电{MOBILE}"),
    )
    with empty_store.writing() as connection:
        described = {"name": f"{MOBILE}.wav", "customer_id": MOBILE, "extra": {"phone": "内线", "note": MOBILE}}
        connection.execute(update(recordings).where(recordings.c.id == calls[0]).values(described))
    return calls


def leaks(store):
    engine = connect(store._engine.url.render_as_string(hide_password=False))
    found = columns_with(SEARCH, engine)
    engine.dispose()
    return set(found)


def test_everything_that_was_open_is_masked(empty_store, older, keys):
    assert {"transcripts.turns", "evidence.quote", "reviews.text", "recordings.name"} <= leaks(empty_store)
    results = [call.results for call in stored_calls(empty_store)]
    assert count_unmasked(empty_store) == 3
    done = protect(empty_store, keys)
    assert (done.calls, done.recordings) == (3, 1)
    assert leaks(empty_store) == set()
    assert count_unmasked(empty_store) == 0
    # What rules said stands where it stood.
    places = [
        [(one.rule_id, one.outcome, [piece.start_s for piece in one.evidence]) for one in found] for found in results
    ]
    after = [call.results for call in stored_calls(empty_store)]
    assert places == [
        [(one.rule_id, one.outcome, [piece.start_s for piece in one.evidence]) for one in found] for found in after
    ]
    sealed = originals_of(empty_store, older)[older[1]]
    stored = stored_call(empty_store, older[1])
    assert open_transcript(keys, older[1], sealed, stored.call.transcript).turns == SPOKEN.turns
    assert stored_call(empty_store, older[0]).recording.metadata.customer_id == pseudonym(keys, MOBILE)
    assert protect(empty_store, keys) == protecting.Protected(0, 0, 0)


def masked_before(store, calls, keys, monkeypatch, *, kept=True, turns=(1,)):
    """What a version left that found something in some turns alone."""
    from pipeline.privacy import masking

    found = masking.find_personal
    monkeypatch.setattr(masking, "MASKING", 1)
    monkeypatch.setattr(protecting, "MASKING", 1)
    with monkeypatch.context() as patch:
        patch.setattr(
            masking,
            "find_personal",
            lambda *args, **options: tuple(one for one in found(*args, **options) if one.turn in turns),
        )
        protect(store, keys if kept else None)
    monkeypatch.undo()
    assert count_unmasked(store) == 0
    assert count_masked_before(store, masking.MASKING) == len(calls)


@pytest.mark.parametrize("turns", [(1,), ()], ids=["one turn was masked", "none was"])
def test_what_an_earlier_version_masked_is_masked_anew(empty_store, older, keys, monkeypatch, turns):
    masked_before(empty_store, older, keys, monkeypatch, turns=turns)
    assert {"transcripts.turns"} <= leaks(empty_store)
    assert protect(empty_store, keys).calls == 3
    assert leaks(empty_store) == set()
    sealed = originals_of(empty_store, older)[older[1]]
    stored = stored_call(empty_store, older[1])
    assert open_transcript(keys, older[1], sealed, stored.call.transcript).turns == SPOKEN.turns
    assert protect(empty_store, keys) == protecting.Protected(0, 0, 0)


def test_without_its_original_what_is_still_readable_is_masked(empty_store, older, keys, monkeypatch):
    masked_before(empty_store, older, keys, monkeypatch, kept=False)
    assert protect(empty_store, None).calls == 3
    assert leaks(empty_store) == set()
    assert originals_by_key(empty_store) == {}


def test_an_original_that_was_deleted_meanwhile_stays_deleted(empty_store, older, keys, monkeypatch):
    masked_before(empty_store, older, keys, monkeypatch)
    save = protecting.save_protected

    def delete_first(database, calls):
        with database.writing() as connection:
            connection.execute(originals.delete().where(originals.c.recording_id == older[0]))
        save(database, calls)

    monkeypatch.setattr(protecting, "save_protected", delete_first)
    assert protect(empty_store, keys).calls == 3
    assert set(originals_of(empty_store, older)) == set(older[1:])
    assert leaks(empty_store) == set()


def test_without_the_key_of_an_original_nothing_is_masked_anew(empty_store, older, keys, monkeypatch):
    masked_before(empty_store, older, keys, monkeypatch)
    with pytest.raises(SealError, match="no key_file is set"):
        protect(empty_store, None)
    assert len(originals_of(empty_store, older)) == 3


def test_reviews_can_be_changed_by_nobody_afterwards(empty_store, older, keys):
    from pipeline.domain.errors import StoreError

    protect(empty_store, keys)
    with pytest.raises(StoreError, match="append-only"), empty_store.writing() as connection:
        connection.execute(update(reviews).values(text="anders"))


def test_cut_off_it_goes_on_where_it_was(empty_store, older, keys, monkeypatch):
    monkeypatch.setattr(protecting, "PAGE", 1)
    told = []

    def stop(done):
        told.append(done)
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        protect(empty_store, keys, told=stop)
    assert count_unmasked(empty_store) == 1
    assert protect(empty_store, keys).calls == 1
    assert leaks(empty_store) == set()


def test_pages_of_the_database_keep_nothing(older, empty_store, keys):
    protect(empty_store, keys)
    url = empty_store._engine.url
    if url.get_backend_name() == "sqlite":
        content = b"".join(path.read_bytes() for path in keys.file.parent.glob("test.db*"))
        assert SEARCH.in_bytes(content) == set()
        # The search index spells characters as hexadecimal numbers.
        assert "".join(f"{ord(digit):04x}" for digit in MOBILE[:2]).encode() not in content


def test_without_a_key_what_is_masked_is_lost_and_customers_with_it(empty_store, older):
    protect(empty_store, None)
    assert leaks(empty_store) == set()
    assert originals_by_key(empty_store) == {}
    assert stored_call(empty_store, older[0]).recording.metadata.customer_id is None


def test_the_command_does_nothing_without_a_key_unless_that_is_wanted(empty_store, older, monkeypatch):
    url = empty_store._engine.url.render_as_string(hide_password=False)
    done = CliRunner().invoke(command, ["privacy", "protect", "--db", url])
    assert isinstance(done.exception, ConfigError)
    assert count_unmasked(empty_store) == 3
    monkeypatch.setenv("EARMARK_ORIGINALS", "none")
    assert CliRunner().invoke(command, ["privacy", "protect", "--db", url]).exit_code == 0
    assert count_unmasked(empty_store) == 0


# Keys.


def test_rotation_closes_everything_anew_and_can_be_cut_off(empty_store, keys, monkeypatch):
    calls = fill(empty_store, keys)
    rotated = add_key(keys.file)
    monkeypatch.setattr(protecting, "PAGE", 1)

    def stop(done):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(empty_store, rotated, told=stop)
    assert originals_by_key(empty_store) == {keys.newest.id: 1, rotated.newest.id: 2}
    # Half of it done, every call opens.
    for call in calls:
        masked = stored_call(empty_store, call).call.transcript
        sealed = originals_of(empty_store, [call])[call]
        assert open_transcript(rotated, call, sealed, masked).turns == SPOKEN.turns
    assert rotate(empty_store, rotated) == 1
    assert originals_by_key(empty_store) == {rotated.newest.id: 3}
    assert rotate(empty_store, rotated) == 0


def test_rotation_without_the_old_key_changes_nothing(empty_store, keys, tmp_path):
    fill(empty_store, keys)
    with pytest.raises(SealError, match="put that key's line back"):
        rotate(empty_store, add_key(tmp_path / "other"))
    assert originals_by_key(empty_store) == {keys.newest.id: 3}


# Rules again.


def run_again(store, keys):
    pack = load_rules(())
    run = Run("again", "apply", "0.1+src.test", pack.digest, headings(pack))
    return reapply(store, Judge(pack), run, keys=keys)


def test_rules_hear_what_was_spoken_and_show_what_is_masked(empty_store, keys):
    fill(empty_store, keys)
    before = [call.results for call in stored_calls(empty_store)]
    done = run_again(empty_store, keys)
    assert (done.calls, done.masked, done.changes) == (3, 0, ())
    assert [call.results for call in stored_calls(empty_store)] == before
    assert leaks(empty_store) == set()
    assert any(is_masked(piece.quote) for found in before for one in found for piece in one.evidence)


def test_without_the_key_it_says_how_many_calls_it_heard_masked(empty_store, keys):
    fill(empty_store, keys)
    done = run_again(empty_store, None)
    assert done.masked == 3
    # A number that is masked in one piece is still seen to be one.
    assert "privacy-disclosure" not in {change.rule for change in done.changes}
    assert leaks(empty_store) == set()


def test_with_the_wrong_key_nothing_changes(empty_store, keys, tmp_path):
    fill(empty_store, keys)
    before = [call.results for call in stored_calls(empty_store)]
    with pytest.raises(SealError):
        run_again(empty_store, add_key(tmp_path / "other"))
    assert [call.results for call in stored_calls(empty_store)] == before


def test_calls_of_an_earlier_version_are_quoted_masked(empty_store, keys):
    fill(empty_store, keys, masked=False)
    assert "evidence.quote" in leaks(empty_store)
    run_again(empty_store, keys)
    assert "evidence.quote" not in leaks(empty_store)
    with empty_store.reading() as connection:
        assert connection.execute(select(originals)).all() == []


# The doctor.


def told(store, **settings):
    url = store._engine.url.render_as_string(hide_password=False)
    return [(one.health.value, one.found) for one in check_privacy(load_settings(db=url, **settings))]


def test_the_doctor_tells_of_keys_and_of_open_calls(empty_store, keys, older, tmp_path):
    assert ("warning", "3 calls of an earlier version are stored as they were spoken") in told(empty_store)
    protect(empty_store, keys)
    assert told(empty_store, key_file=keys.file)[0][0] == "ok"
    assert told(empty_store)[0][0] == "failed"
    add_key(tmp_path / "other")
    assert keys.newest.id in told(empty_store, key_file=tmp_path / "other")[0][1]
    add_key(keys.file)
    assert "closed by older keys" in told(empty_store, key_file=keys.file)[0][1]
    keys.file.chmod(0o644)
    assert told(empty_store, key_file=keys.file)[0][0] == "failed"
