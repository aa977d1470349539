"""Data of letters and digits: e-mail addresses, licence plates, passports, messenger accounts, lettered passwords."""

import re
from collections.abc import Iterator, Sequence

from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_cues import Cue, Heard
from pipeline.privacy.find_digits import DIGIT, LITTLE_ELSE, digits_of
from pipeline.privacy.find_said import Found, Said

_D = rf"[\d{DIGIT}]"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"[{_PROVINCES}][ ,、]?[a-hj-z](?:[ ,.、·]{{0,2}}(?:[a-z](?![a-z]{{2}})|[\d{DIGIT}{LITTLE_ELSE}])){{4,6}}"
)
_PLATE_BEGUN = re.compile(rf"[{_PROVINCES}][a-hj-z](?:[ ,、]?(?:[a-z](?![a-z])|{_D})){{0,5}}(?![a-z])")
_BARE_PLATE = re.compile(rf"[a-hj-z](?:[ ,.、·]?(?:[a-z]|{_D})){{5,6}}(?![a-z])")
_PASSPORT = re.compile(r"[eg](?<![a-z0-9][eg])(?:\d{8}|[a-hj-np-z]\d{7})(?![a-z0-9])")
_ASKED_PASSPORT = re.compile(rf"(?<![a-z])[a-z](?:[ ,、]?[a-z])?(?:[ ,.、]{{0,2}}{_D}){{6,9}}")

_AT = r"艾特|爱特|圈a|@|小老鼠|(?<![a-z])at(?![a-z])"
_TOP = r"com|cn|net|org|edu|gov|co|hk|tw|ch|de|uk|jp|io|me|info|vip"
_PART = (
    rf"[a-z\d_+\-{DIGIT}]|下划线|下横线|横杠|中杠|杠|点|[两三四五六]个(?={_D})|小写|大写|"
    rf"(?<![a-z])(?:dot|underscore|dash)(?![a-z])"
)
_DOMAIN_END = re.compile(
    rf"(?:点|\.|dot (?<![a-z]dot ))[ ,、]*(?:{_TOP})(?![a-z])(?:[ ,、]*(?:点|\.|dot )[ ,、]*cn(?![a-z]))?"
)
_ADDRESS_BEFORE = re.compile(rf"(?:(?:{_AT}|{_PART}|\.)(?:[,、](?! )| (?=[a-z\d](?![a-z\d])|@))?)+$")
_ENGLISH_MAIL = re.compile(
    r"(?:(?<![a-z])[a-z] )*[a-z0-9_.+\-]+(?: (?:dot|underscore|dash|hyphen|plus) [a-z0-9]+| (?:zero|oh|one|two|"
    r"three|four|five|six|seven|"
    r"eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|"
    r"nine)ty|\d+|"
    r"[a-z](?![a-z]))(?![a-z]))* at [a-z0-9\-]+(?: dot [a-z]+)+|"
    r"[a-z0-9_.+\-]+@[a-z0-9.\-]+\.[a-z]{2,}"
)
_HAS_AT = re.compile(_AT)
_LONGEST_ADDRESS = 64
_MAIL_REACH = 40
_SPELLING = re.compile("([a-z]{3,})|([一-鿿]{2,4})的([一-鿿])")
_NO_PARTS = frozenset(
    ["com", "net", "org", "edu", "gov", "gmail", "outlook", "hotmail", "sina", "sohu", "foxmail", "aliyun", "qq", "dot"]
)

_ACCOUNT = re.compile(
    rf"[a-z](?:(?:[,、]| (?=[a-z\d](?![a-z\d])))?(?:[a-z\d_\-{DIGIT}]|下划线|杠))*(?:下划线|[a-z\d_{DIGIT}])"
)
_WORD = re.compile(rf"(?:[a-z](?![a-z]* [a-z]{{2}})|{_D})(?:[,、]?[a-z\d_\-{DIGIT}])+")
_TO_ACCOUNT = re.compile(r"(?:号码?|账号|就是|是|你?搜|:|,|叫|的|好像|设|要不|您|呢|吧|为|嗯|啊| )*")
_FILE = re.compile(
    rf"\(?(?:{_D}{{4}})\)?年?,?[{_PROVINCES}]{_D}{{2,5}}[民刑行执商知初终]{{1,3}}{_D}{{1,6}}号|"
    rf"[{_PROVINCES}]\(?{_D}{{4}}\)?[一-鿿]{{2,9}}第{_D}{{4,}}号"
)
"""Numbers of court files and certificates."""
_CERTIFICATE = re.compile(rf"字(?<=[一-鿿]{{3}}),?(?:{_D}{{4}}年?)?,?第{_D}{{3,}}号")
_LETTERS = re.compile("[a-z](?:[,、 ]+[a-z]){3,}")
_SPOKEN = re.compile(
    rf"(?:(?:[一-鿿]{{1,4}}?|(?<![a-z])[a-z]{{2,8}})(?:[两三]个字)?的?(?:全拼|拼音|首字母)|大写|小写|数字|"
    rf"(?<![a-z])[a-z](?![a-z]{{3}})|{_D}|井号|星号|"
    rf"下划线|感叹号|斜?杠|艾特|@|#|\*)(?:[,、 ]?(?:(?:[一-鿿]{{1,4}}|[a-z]{{2,8}})的?(?:全拼|拼音|首字母)|大写|"
    rf"小写|数字|[a-z](?![a-z]{{3}})|"
    rf"{_D}|"
    rf"井号|星号|下划线|感叹号|斜?杠|点|加|艾特|@|#|\*|的(?=[,a-z])))+"
)
_SPELT = re.compile("[a-z拼母]")
_SHORTEST_ACCOUNT = 5


def find_codes(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    """E-mail addresses, plates, passports and accounts of letters, in no order."""
    yield from _mails(said, heard)
    yield from _plates(said, heard)
    for match in _PASSPORT.finditer(said.text):
        yield _found(said, match.start(), match.end(), PersonalKind.PASSPORT)
    for word in heard:
        if word.cue is Cue.PASSPORT:
            yield from _after_cue(said, word, _ASKED_PASSPORT, PersonalKind.PASSPORT)
        elif word.cue is Cue.MESSENGER:
            yield from _account(said, word, PersonalKind.MESSENGER)
            yield from _spoken(said, word, PersonalKind.MESSENGER)
        elif word.cue is Cue.SECRET:
            yield from _account(said, word, PersonalKind.SECRET)
            yield from _spoken(said, word, PersonalKind.SECRET)
        elif word.cue is Cue.ORDER and said.text[word.end - 2 : word.end] in ("账号", "帐号", "id"):
            yield from _spoken(said, word, PersonalKind.ORDER)
    for match in _FILE.finditer(said.text) if "民初" in said.text or "产权" in said.text else ():
        yield _found(said, match.start(), match.end(), PersonalKind.ORDER)
    for match in _CERTIFICATE.finditer(said.text):
        yield _found(said, match.start() - 2, match.end(), PersonalKind.ORDER)


def _mails(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    text = said.text
    for match in _ENGLISH_MAIL.finditer(text) if "@" in text or " at " in text else ():
        yield from _mail(said, match.start(), match.end())
    for end in _DOMAIN_END.finditer(text):
        line = text.rfind("\n", 0, end.start()) + 1
        before = _ADDRESS_BEFORE.search(text, max(line, end.start() - _LONGEST_ADDRESS), end.start())
        if before is None:
            continue
        asked = any(w.cue is Cue.EMAIL and 0 <= end.start() - w.end <= _MAIL_REACH + 40 for w in heard)
        if asked or _HAS_AT.search(before.group()):
            yield from _mail(said, before.start(), end.end())


def _mail(said: Said, start: int, end: int) -> Iterator[Found]:
    """An address, and what is said of its spelling in the rest of the turn."""
    found = _found(said, start, end, PersonalKind.EMAIL)
    yield found
    line = said.text.find("\n", end)
    stop = line if line >= 0 else len(said.text)
    parts = [part for part in re.findall("[a-z]{3,}", said.text[start:end]) if part not in _NO_PARTS]
    for match in _SPELLING.finditer(said.text, end, min(stop, end + _MAIL_REACH)):
        if match[1] in parts or (match[2] and match[3] in match[2]):
            yield Found(match.start(), match.end(), PersonalKind.EMAIL, found.value)


def _plates(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    """Plates, and how those that were found begin, where only that is repeated."""
    begun: set[str] = set()
    for match in _PLATE.finditer(said.text):
        yield _found(said, match.start(), match.end(), PersonalKind.LICENCE_PLATE)
        begun.add(match.group()[0])
    for match in _PLATE_BEGUN.finditer(said.text) if begun else ():
        if match.group()[0] in begun:
            yield _found(said, match.start(), match.end(), PersonalKind.LICENCE_PLATE)
    for word in heard:
        if word.cue is Cue.LICENCE_PLATE:
            yield from _after_cue(said, word, _BARE_PLATE, PersonalKind.LICENCE_PLATE)


def _after_cue(said: Said, word: Heard, form: re.Pattern[str], kind: PersonalKind) -> Iterator[Found]:
    """What has ``form`` in the rest of the turn of ``word`` and in the next turn."""
    text = said.text
    first = text.find("\n", word.end)
    second = text.find("\n", first + 1) if first >= 0 else -1
    stop = min(word.end + 80, second if second >= 0 else len(text))
    for match in form.finditer(text, word.end, stop):
        yield _found(said, match.start(), match.end(), kind)


def _account(said: Said, word: Heard, kind: PersonalKind) -> Iterator[Found]:
    """Letters right after ``word``, or in a short answer to it."""
    text = said.text
    start = _end_of(_TO_ACCOUNT, text, word.end)
    starts = [start]
    line = text.find("\n", word.end)
    if 0 <= line <= word.end + 24:
        following = text.find("\n", line + 1)
        stop = following if following >= 0 else len(text)
        starts += [match.start() for match in _WORD.finditer(text, line + 1, min(stop, line + 60))]
    for at in starts:
        match = _ACCOUNT.match(text, at)
        if match is None or len(re.sub("下划线|[,、 ]", "_", match.group())) < _SHORTEST_ACCOUNT:
            continue
        if at == start or re.search(rf"{_D}|_|下划线", match.group()):
            yield _found(said, at, match.end(), kind)


def _spoken(said: Said, word: Heard, kind: PersonalKind) -> Iterator[Found]:
    """A password spelled in letters, digits and 拼音, in the rest of the turn of ``word`` and in the next."""
    text = said.text
    first = text.find("\n", word.end)
    second = text.find("\n", first + 1) if first >= 0 else -1
    stop = min(word.end + 60, second if second >= 0 else len(text))
    if _SPELT.search(text, word.end, stop) is None:
        return
    for match in _SPOKEN.finditer(text, word.end, stop):
        kept = re.sub(rf"[^a-z\d{DIGIT}拼]", "", match.group())
        spelled = _LETTERS.fullmatch(match.group()) is not None
        if spelled or (len(kept) >= _SHORTEST_ACCOUNT and re.search("[a-z拼]", kept) and re.search(_D, kept)):
            yield _found(said, match.start(), match.end(), kind)
            for again in re.finditer(re.escape(digits_of(kept)), text[match.end() :]) if "拼" not in kept else ():
                yield _found(said, match.end() + again.start(), match.end() + again.end(), kind)


def _end_of(form: re.Pattern[str], text: str, at: int) -> int:
    match = form.match(text, at)
    return match.end() if match else at


def _found(said: Said, start: int, end: int, kind: PersonalKind) -> Found:
    return Found(start, end, kind, re.sub("[ ,.、·]", "", said.text[start:end]))
