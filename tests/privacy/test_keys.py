"""Keys: what a damaged, foreign or lost file of them does, and that nothing is destroyed by it."""

import re
from pathlib import Path

import pytest

from pipeline.domain.errors import ConfigError
from pipeline.domain.originals import Sealed
from pipeline.domain.personal import PersonalKind, PersonalSpan, mask_transcript
from pipeline.privacy.keys import add_key, read_keys
from pipeline.privacy.sealing import SealError, open_transcript, pseudonym, reseal, seal_transcript
from tests.privacy.calls import transcript

ORIGINAL = transcript("您的电话是多少", "13912345678", "好的")
MASKED = mask_transcript(ORIGINAL, [PersonalSpan(1, 0, 11, PersonalKind.MOBILE, "13912345678")])


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(file):
    return add_key(file)


DAMAGE = {
    "readable by the group": (lambda file: file.chmod(0o640), "chmod 600"),
    "gone": (lambda file: file.unlink(), "not there"),
    "a folder": (lambda file: (file.unlink(), file.mkdir()), "not a file"),
    "cut off": (lambda file: file.write_text(file.read_text()[:-50]), "no line of a key file"),
    "no key": (lambda file: file.write_text("pseudonyms " + "A" * 43 + "=\n"), "lacks a key"),
    "a line too much": (lambda file: file.write_text(file.read_text() + "something else\n"), ":5 is no line"),
    "a short key": (
        lambda file: file.write_text(re.sub(r"(key \S+ \S+) \S+", r"\1 AAAA", file.read_text())),
        "3 bytes",
    ),
    "not text": (lambda file: file.write_bytes(b"\xff\xfe"), "cannot be read"),
}


@pytest.mark.parametrize(("damage", "told"), DAMAGE.values(), ids=DAMAGE)
def test_a_file_that_cannot_be_used_says_why_and_shows_no_key(file, keys, damage, told):
    secret = file.read_text().split()[-1]
    damage(file)
    with pytest.raises(ConfigError, match=told) as raised:
        read_keys(file)
    assert str(file) in str(raised.value)
    assert secret not in str(raised.value)


def test_a_damaged_file_is_not_written_over(file, keys):
    file.write_text(file.read_text()[:-50])
    before = file.read_bytes()
    with pytest.raises(ConfigError):
        add_key(file)
    assert file.read_bytes() == before


def test_a_new_file_is_nobody_elses_to_read(file, keys):
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["keys"]


def test_no_key_is_in_a_repr(keys):
    assert repr(keys.newest.secret) not in repr(keys)


def test_the_newest_closes_and_the_older_ones_open(file, keys):
    sealed = seal_transcript(keys, "a" * 64, ORIGINAL, MASKED)
    rotated = add_key(file)
    assert read_keys(file) == rotated
    assert rotated.pseudonyms == keys.pseudonyms
    assert open_transcript(rotated, "a" * 64, sealed, MASKED) == ORIGINAL
    assert seal_transcript(rotated, "a" * 64, ORIGINAL, MASKED).key_id == rotated.newest.id != sealed.key_id
    assert reseal(rotated, "a" * 64, sealed).key_id == rotated.newest.id


def test_what_hides_nothing_needs_no_original(keys):
    assert seal_transcript(keys, "a" * 64, ORIGINAL, ORIGINAL) is None


def flipped(sealed: Sealed, at: int) -> Sealed:
    altered = bytearray(sealed.ciphertext)
    altered[at] ^= 1
    return Sealed(sealed.key_id, sealed.nonce, bytes(altered))


SEALED_WRONG = {
    "another call's row": (lambda sealed: sealed, "b" * 64, "does not open"),
    "an altered byte": (lambda sealed: flipped(sealed, 0), "a" * 64, "does not open"),
    "an altered tag": (lambda sealed: flipped(sealed, -1), "a" * 64, "does not open"),
    "cut off": (lambda sealed: Sealed(sealed.key_id, sealed.nonce, sealed.ciphertext[:-3]), "a" * 64, "does not open"),
    "a lost key": (lambda sealed: Sealed("0badkey0", sealed.nonce, sealed.ciphertext), "a" * 64, "not in .*keys"),
}


@pytest.mark.parametrize(("spoilt", "recording_id", "told"), SEALED_WRONG.values(), ids=SEALED_WRONG)
def test_what_was_altered_or_put_elsewhere_does_not_open(keys, spoilt, recording_id, told):
    sealed = spoilt(seal_transcript(keys, "a" * 64, ORIGINAL, MASKED))
    with pytest.raises(SealError, match=told):
        open_transcript(keys, recording_id, sealed, MASKED)


def test_the_wrong_key_of_the_right_name_does_not_open(file, keys):
    sealed = seal_transcript(keys, "a" * 64, ORIGINAL, MASKED)
    file.unlink()
    other = add_key(file)
    file.write_text(file.read_text().replace(other.newest.id, keys.newest.id))
    with pytest.raises(SealError, match="another key under that id"):
        open_transcript(read_keys(file), "a" * 64, sealed, MASKED)


def test_an_original_of_another_transcript_says_so(keys):
    sealed = seal_transcript(keys, "a" * 64, ORIGINAL, MASKED)
    with pytest.raises(SealError, match="another transcript"):
        open_transcript(keys, "a" * 64, sealed, transcript("您好", "138", "好"))


def test_two_of_one_text_are_closed_differently(keys):
    first, second = (seal_transcript(keys, "a" * 64, ORIGINAL, MASKED) for _ in range(2))
    assert first.nonce != second.nonce
    assert first.ciphertext != second.ciphertext


def test_a_pseudonym_is_one_customers_and_needs_the_file(keys, tmp_path):
    assert pseudonym(keys, "13912345678") == pseudonym(keys, " 13912345678 ") != pseudonym(keys, "13912345679")
    assert re.fullmatch("p-[a-p]{16}", pseudonym(keys, "13912345678"))
    assert pseudonym(add_key(tmp_path / "other"), "13912345678") != pseudonym(keys, "13912345678")
