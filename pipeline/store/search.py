"""Text search in transcripts: which calls hold these characters, in whatever script or width they are written.

The index holds pairs of neighbouring characters of the normalised text, turn by turn, so that a query of any length
finds exactly the turns that hold it: there are no words to guess in Chinese. A pair is written as the hexadecimal
numbers of its two characters; nothing of a query reaches a database but these.

SQLite: FTS5 without content. A query is a phrase of pairs; the last character of a turn stands alone behind it, which
parts it from the next turn. PostgreSQL: a ``tsvector`` keeps 256 places of a word and none behind the 16,383rd, too few
for an hour of talk, so that the pairs only choose the calls and the normalised text, stored beside them, decides.
Source: https://www.postgresql.org/docs/current/textsearch-limitations.html
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, column, delete, func, select, text
from sqlalchemy import cast as sql_cast
from sqlalchemy import table as light_table
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY

from pipeline.domain.calls import Turn
from pipeline.domain.personal import searchable
from pipeline.store import documents
from pipeline.store.database import Database
from pipeline.store.review_tables import review_items, search_documents
from pipeline.store.tables import transcripts
from pipeline.text.normalise import normalise

MAX_QUERY = 200
"""Characters of a query that are looked at; nobody searches for more, and each costs a look into the index."""
MAX_PAIRS = 40
"""Pairs by which PostgreSQL chooses calls; the text of those is read anyway."""
CATCH_UP = 200
"""Calls that are indexed in one transaction when an index is caught up."""

_search_text = light_table("search_text", column("rowid"), column("id"), column("words"), column("body"))


def index_call(connection: Connection, recording_id: str, turns: Iterable[Turn]) -> None:
    """Makes a call's words searchable, in place of what the index held of it."""
    lines = _lines(turns)
    known = select(search_documents.c.id).where(search_documents.c.recording_id == recording_id)
    before = connection.execute(known).scalar()
    connection.execute(delete(search_documents).where(search_documents.c.recording_id == recording_id))
    if connection.dialect.name == "sqlite":
        # Rows of a table without content cannot be taken out: those that search_documents names no more are dead.
        number = connection.execute(text("SELECT coalesce(max(id), 0) + 1 FROM search_text_docsize")).scalar_one()
        insert = text("INSERT INTO search_text (rowid, words) VALUES (:id, :words)")
        connection.execute(insert, {"id": number, "words": " ".join(_tokens(lines))})
    else:
        connection.execute(delete(_search_text).where(_search_text.c.id == before))
        number = connection.execute(
            text("SELECT nextval(pg_get_serial_sequence('search_documents', 'id'))")
        ).scalar_one()
        insert = text("INSERT INTO search_text (id, words, body) VALUES (:id, array_to_tsvector(:words), :body)")
        parts = sorted(set(_tokens(lines)))
        connection.execute(insert, {"id": number, "words": parts, "body": "\n".join(lines)})
    connection.execute(search_documents.insert().values(id=number, recording_id=recording_id))


def forget_call(connection: Connection, recording_id: str, turns: Iterable[Turn]) -> int:
    """Takes a call out of the index; returns how many entries it had.

    Args:
        connection: within a transaction that writes.
        recording_id: which call.
        turns: as they were indexed: SQLite finds what it has to take out by the words.
    """
    known = select(search_documents.c.id).where(search_documents.c.recording_id == recording_id)
    number = connection.execute(known).scalar()
    if number is None:
        return 0
    connection.execute(delete(search_documents).where(search_documents.c.id == number))
    if connection.dialect.name == "sqlite":
        # Source: https://www.sqlite.org/fts5.html#the_delete_command
        insert = text("INSERT INTO search_text (search_text, rowid, words) VALUES ('delete', :id, :words)")
        connection.execute(insert, {"id": number, "words": " ".join(_tokens(_lines(turns)))})
    else:
        connection.execute(delete(_search_text).where(_search_text.c.id == number))
    return 1


def index_missing(database: Database, progress: Callable[[int], object] | None = None) -> int:
    """Indexes the calls that have a transcript and no entry, and returns how many; safe to run beside a batch.

    Args:
        database: where the calls are.
        progress: told how many are done, now and then.
    """
    indexed = (
        ~select(search_documents.c.id).where(search_documents.c.recording_id == transcripts.c.recording_id).exists()
    )
    query = select(transcripts.c.recording_id, transcripts.c.turns).where(indexed).order_by(transcripts.c.recording_id)
    done, last = 0, ""
    while True:
        with database.writing() as connection:
            # Locked: a transcript that is being erased is not to come back as an index of its words.
            page = query.where(transcripts.c.recording_id > last).limit(CATCH_UP)
            rows = connection.execute(page.with_for_update(read=True, of=transcripts)).all()
            for row in rows:
                index_call(connection, row.recording_id, documents.decode_turns(row.turns))
        if not rows:
            return done
        done, last = done + len(rows), rows[-1].recording_id
        if progress is not None:
            progress(done)


def search_condition(dialect: str, query: str) -> ColumnElement[bool] | None:
    """Whether a call of ``review_items`` holds every blank-separated word of ``query``; ``None`` for an empty query.

    A word is found where its normal form stands in the normal form of one turn. Calls that were not indexed yet are
    not found.

    Args:
        dialect: ``sqlite`` or ``postgresql``.
        query: anything that a person may type or paste; `MAX_QUERY` characters of it count.
    """
    words = query_words(query)
    if not words:
        return None
    if dialect == "sqlite":
        wanted = " AND ".join(f'"{" ".join(_pairs(word) or [_code(word)])}"' for word in words)
        return _among(select(_search_text.c.rowid.label("id")).where(_search_text.c.words.op("MATCH")(wanted)))
    pairs = [pair for word in words for pair in sorted(set(_pairs(word) or [_code(word)]))[:MAX_PAIRS]]
    long_words = [word for word in words if len(word) > 2]
    said = func.earmark_said(sql_cast(" & ".join(pairs), TSQUERY), sql_cast(long_words, ARRAY(Text)))
    return _among(select(said.column_valued("id")))


def _among(documents_found: Select[Any]) -> ColumnElement[bool]:
    # Named, so that a statement that uses the condition twice searches once.
    return review_items.c.document_id.in_(select(documents_found.cte("said").c.id))


def query_words(query: str) -> tuple[str, ...]:
    """The words of a query in normal form, each once.

    >>> query_words("退 貨 ＶＩＰ")
    ('退', '货', 'vip')
    """
    clean = searchable(query[:MAX_QUERY]).replace("\0", " ").encode("utf-8", "replace").decode()
    words = (normalise(word).text.strip() for word in clean.split())
    return tuple(dict.fromkeys(word for word in words if word))


def _lines(turns: Iterable[Turn]) -> list[str]:
    """The normalised text of each turn; a line break or a zero in a turn parts it, as no query holds one."""
    return [line for turn in turns for line in normalise(turn.text.replace("\0", "\n")).text.split("\n") if line]


def _tokens(lines: Sequence[str]) -> list[str]:
    """What is written to the index: for each line its pairs and its last character, then every character by itself."""
    tokens: list[str] = []
    for line in lines:
        tokens += _pairs(line)
        tokens.append(_code(line[-1]))
    tokens += [_code(character) for character in sorted(set("".join(lines)))]
    return tokens


def _pairs(line: str) -> list[str]:
    codes = [_code(character) for character in line]
    return [first + second for first, second in pairwise(codes)]


@lru_cache(maxsize=20_000)
def _code(character: str) -> str:
    """A character's number: four hexadecimal digits, or ``g`` and six, so that no two pairs read the same."""
    point = ord(character)
    return f"{point:04x}" if point < 0x10000 else f"g{point:06x}"
