"""Text search: it finds what a search through every turn would find, and nothing in a query does harm."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from pipeline.domain.calls import Role, Turn
from pipeline.store import documents
from pipeline.store.database import upsert
from pipeline.store.recordings import register
from pipeline.store.results import start_run
from pipeline.store.review_queue import QueueEntry, enter
from pipeline.store.review_tables import review_items, search_documents
from pipeline.store.search import MAX_QUERY, index_call, index_missing, query_words, search_condition
from pipeline.store.tables import transcripts
from pipeline.text.normalise import normalise
from tests.store.builders import found, recording, run

CALLS = (
    ("您好，我要退貨", "订单号 A1031 对吧", "好的"),
    ("我要投诉你们", "退款多少钱", "hello World 12315"),
    ("退", "款我不要了", "ＶＩＰ客户😀吗？"),
    ('他说"算了" AND 走了', "100% * 保本", "a_b"),
)


def turns_of(texts):
    return tuple(Turn(index, Role.AGENT, index, index + 1, text) for index, text in enumerate(texts))


def add(store, calls, *, index=True):
    """The ids of calls that say these texts, in the queue and in the index."""
    made = [recording(number) for number in range(1, len(calls) + 1)]
    register(store, [found(each) for each in made])
    with store.writing() as connection:
        enter(connection, [QueueEntry(each.id, 50, flagged=True, doubtful=False) for each in made])
        for each, texts in zip(made, calls, strict=True):
            if index:
                index_call(connection, each.id, turns_of(texts))
    return [each.id for each in made]


@pytest.fixture(scope="module")
def said(shared_store):
    """The database with the calls in it, and their ids."""
    return shared_store, add(shared_store, CALLS)


def search(store, query):
    """The ids that the index finds; every call for an empty query."""
    with store.reading() as connection:
        condition = search_condition(connection.dialect.name, query)
        chosen = select(review_items.c.recording_id).order_by(review_items.c.recording_id)
        return list(connection.execute(chosen if condition is None else chosen.where(condition)).scalars())


def naive(calls, query):
    """Numbers of the calls that hold every word in some turn."""
    words = query_words(query)
    lines = [[normalise(text).text for text in texts] for texts in calls]
    return [n for n, of_call in enumerate(lines) if all(any(word in line for line in of_call) for word in words)]


@pytest.mark.parametrize(
    ("query", "calls"),
    [
        pytest.param("退款", [1], id="not across turns: 退 ends one, 款 begins the next"),
        pytest.param("好的 退款", [], id="both words, of different calls"),
        pytest.param("保险", [], id="absent"),
        pytest.param("款退", [], id="order of characters"),
        pytest.param("退货", [0], id="simplified finds traditional"),
        pytest.param("退貨", [0], id="traditional as typed"),
        pytest.param("vip", [2], id="half width finds full width"),
        pytest.param("退", [0, 1, 2], id="one character"),
        pytest.param("吗", [2], id="one character before a mark"),
        pytest.param("了", [2, 3], id="one character at the end of a turn"),
        pytest.param("😀", [2], id="emoji alone"),
        pytest.param("客户😀", [2], id="emoji behind characters"),
        pytest.param("231", [1], id="inside a number"),
        pytest.param("world  投诉", [1], id="two words in different turns"),
        pytest.param("", [0, 1, 2, 3], id="empty"),
        pytest.param(" \u3000\t", [0, 1, 2, 3], id="blanks"),
        pytest.param("*", [3], id="a star is a star"),
        pytest.param('"算了"', [3], id="quotes are quotes"),
        pytest.param("%", [3], id="per cent is no wildcard"),
        pytest.param("a_b", [3], id="underscore is no wildcard"),
        pytest.param("a1b", [], id="nor does it match"),
    ],
)
def test_finds(said, query, calls):
    store, ids = said
    assert search(store, query) == [ids[number] for number in calls]
    assert naive(CALLS, query) == calls


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("'; DROP TABLE search_documents; --", id="sql"),
        pytest.param('" OR words MATCH "60a8', id="fts quotes"),
        pytest.param("NEAR(60a8 597d, 3)", id="fts operator"),
        pytest.param("words:^a -b", id="fts column"),
        pytest.param("a & !b | c:* <-> d\\", id="tsquery"),
        pytest.param("您\0好", id="zero"),
        pytest.param("\ud800退", id="half of a pair"),
        pytest.param("退" * 10_000, id="10,000 characters"),
        pytest.param("退 " * 10_000, id="10,000 words"),
        pytest.param(" ".join(chr(0x4E00 + n) for n in range(5_000)), id="many different words"),
        pytest.param("\u200d\u200b", id="nothing to see"),
    ],
)
def test_harmless(said, query):
    store, ids = said
    assert set(search(store, query)) <= set(ids)
    assert search(store, "退货") == ids[:1]


def test_only_the_beginning_of_a_long_query_counts(empty_store):
    ids = add(empty_store, [("甲" * MAX_QUERY,), ("乙",)])
    assert search(empty_store, "甲" * (MAX_QUERY + 5)) == ids[:1]


LETTERS = st.text(alphabet="退款货貨aＡ1 😀\n，e\u0301", max_size=12)


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(LETTERS, max_size=3), min_size=1, max_size=4), st.lists(LETTERS, min_size=1, max_size=4))
def test_as_a_search_through_every_turn(empty_store, calls, queries):
    ids = add(empty_store, calls)
    lines = [[part for text in texts for part in text.split("\n")] for texts in calls]
    for query in queries:
        found_ids = [each for each in search(empty_store, query) if each in ids]
        assert found_ids == [ids[number] for number in naive(lines, query)]


def test_an_hour_of_talk(empty_store):
    """More characters than a tsvector has places, one pair more often than it keeps."""
    ids = add(empty_store, [["对对对" * 5] * 1500 + ["我要投诉"], ["对我要"]])
    assert search(empty_store, "我要投诉") == ids[:1]
    assert search(empty_store, "对" * 15) == ids[:1]
    assert search(empty_store, "对" * 16) == []


def test_transcribed_again(empty_store):
    first, second = add(empty_store, CALLS[:2])
    with empty_store.writing() as connection:
        index_call(connection, second, turns_of(["全新的话"]))
        index_call(connection, first, turns_of(["别的话"]))
    assert search(empty_store, "投诉") == []
    assert search(empty_store, "全新") == [second]
    assert search(empty_store, "话") == [first, second]


def test_call_that_went_away_leaves_no_trace(empty_store):
    first, second = add(empty_store, CALLS[:2])
    with empty_store.writing() as connection:
        connection.execute(text("DELETE FROM recordings WHERE id = :id"), {"id": second})
        index_call(connection, first, turns_of(["别的话"]))
    assert search(empty_store, "投诉") == []
    assert search(empty_store, "别的") == [first]


def test_catching_up(empty_store):
    ids = add(empty_store, CALLS, index=False)
    start_run(empty_store, run())
    with empty_store.writing() as connection:
        rows = [
            {
                "recording_id": each,
                "run_id": "run1",
                "asr_digest": "a" * 64,
                "language": "zh",
                "duration_s": 3.0,
                "characters": 9,
                "turns": documents.encode_turns(turns_of(texts)),
                "signals": b"",
            }
            for each, texts in zip(ids, CALLS, strict=True)
        ]
        upsert(connection, transcripts, rows)
        index_call(connection, ids[1], turns_of(CALLS[1]))
    told = []
    assert search(empty_store, "退货") == []
    assert index_missing(empty_store, told.append) == 3
    assert told == [3]
    assert search(empty_store, "退货") == ids[:1]
    assert index_missing(empty_store) == 0
    with empty_store.reading() as connection:
        assert len(connection.execute(select(search_documents)).all()) == 4
