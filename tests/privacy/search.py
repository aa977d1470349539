"""Looking for people in everything: files byte by byte, columns unpacked, answers in every spelling."""

import html
import json
import re
import unicodedata
import zlib
from urllib.parse import unquote_plus

from ahocorasick_rs import AhoCorasick
from sqlalchemy import MetaData, select

from tests.privacy.identities import said

_DIGITS = str.maketrans("零〇洞幺一二三四五六七八九", "0001123456789")
_APART = re.compile(r"(?<=\d)[ ,，.、-]{1,2}(?=\d)")
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})", re.I)


class Search:
    """Finds any of the people in bytes or text."""

    def __init__(self, people):
        self._owner = [person.name for person in people for _ in (*person.numbers, *person.words)]
        wanted = [one.lower() for person in people for one in (*person.numbers, *person.words)]
        self._text = AhoCorasick(wanted)
        forms = [(person.name, form) for person in people for form in _written(person)]
        self._form_owner = [name for name, _ in forms]
        self._bytes = AhoCorasick([form.encode().decode("latin-1") for _, form in forms])

    def in_bytes(self, content):
        """Names of those who stand in the bytes as they are."""
        return {self._form_owner[found[0]] for found in self._bytes.find_matches_as_indexes(content.decode("latin-1"))}

    def in_text(self, text):
        """Names of those who stand in the text, however it is spelt or escaped."""
        plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), html.unescape(text))
        if "%" in plain:
            plain += "\n" + unquote_plus(plain)
        plain = unicodedata.normalize("NFKC", plain).lower()
        return self._found(plain) | self._found(_APART.sub("", plain.translate(_DIGITS)))

    def _found(self, text):
        return {self._owner[found[0]] for found in self._text.find_matches_as_indexes(text)}


def _written(person):
    for number in person.numbers:
        yield from (said(number, form) for form in range(5))
        yield from (json.dumps(said(number, form))[1:-1] for form in (1, 2))
    yield from person.words
    yield json.dumps(person.name)[1:-1]


def columns_with(search, engine, *, but=()):
    """``table.column`` → whom it holds, in every table of the database; compressed documents are unpacked."""
    found = {}
    tables = MetaData()
    tables.reflect(engine, only=lambda name, _: not name.startswith("sqlite_"))
    with engine.connect() as connection:
        for table in tables.tables.values():
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    here = f"{table.name}.{name}"
                    people = set() if value is None or here in but else _in_value(search, value)
                    if people:
                        found.setdefault(here, set()).update(people)
    return found


def _in_value(search, value):
    if isinstance(value, bytes | memoryview):
        content = bytes(value)
        try:
            content = zlib.decompress(content)
        except zlib.error:
            return search.in_bytes(content)
        return search.in_text(content.decode())
    return search.in_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))
