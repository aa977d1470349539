"""Personal data in English: letters that are spelled, codes of letters and number words, streets, names."""

import re
from collections.abc import Iterator, Sequence

from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_cues import Cue, Heard
from pipeline.privacy.find_said import Found, Said

_LATIN = re.compile("[a-z]{2} [a-z]")
_DIGIT = "zero|one|two|three|four|five|six|seven|eight|nine|oh"
_TEENS = (
    "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|"
    "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:one|two|three|four|five|six|seven|eight|"
    "nine)(?![a-z]))?"
)
_NATO = (
    "alpha|alfa|bravo|charlie|delta|echo|foxtrot|golf|hotel|india|juliett?|kilo|lima|mike|november|oscar|papa|quebec|"
    "romeo|sierra|tango|uniform|victor|whiskey|x-?ray|yankee|zulu"
)
_LETTER = r"[a-z](?![a-z'’])(?:,? (?:as in|like in|like|for) [a-z]+)?"
_TOKEN = (
    rf"(?<![a-z'’])(?:(?:double|triple)[ -](?:{_DIGIT}|[a-z](?![a-z]))|(?:{_DIGIT}|{_TEENS}|{_NATO})(?![a-z])|"
    rf"{_LETTER}|"
    r"(?=[a-z\d]*\d)[a-z\d]+(?![a-z\d]))"
)
_BETWEEN = r"(?:[ ,.\-–—/]+(?:(?:uh|um|er|then|and then|and|dash|hyphen|space|that's)[ ,]+)?)"
_CODE = re.compile(rf"{_TOKEN}(?:{_BETWEEN}{_TOKEN})+")
_WHOLE = re.compile(r"(?<![a-z\d])(?=[a-z]*\d)(?=\d*[a-z])[a-z\d]{5,14}(?![a-z\d])")
_A_DIGIT = re.compile(rf"\d|(?<![a-z])(?:{_DIGIT}|double|triple)(?![a-z])|(?<![a-z])(?:{_TEENS})(?![a-z])")
_SPELLED = re.compile(rf"(?<![a-z'’])(?:double [a-z]|[a-z])(?![a-z'’])|(?<![a-z])(?:{_NATO})(?![a-z])")
_UNIT = re.compile(
    r" ?(?:percent|%|dollars?|bucks|pounds?|euros?|cents?|minutes?|hours?|days?|weeks?|months?|years?|a\.?m|p\.?m|"
    r"o'clock|degrees|"
    r"miles|km|kg|gb|mb|people|times|points?|stars?|in the (?:morning|afternoon|evening))(?![a-z])"
)
_BENIGN = re.compile(
    r"(?:flight|gate|room|model|version|channel|seat|terminal|chapter|page|windows|building|floor|at|around|about|"
    r"departs|leaves|hotline|toll-free|ending in|ends in|ending|last four)[ ,]*(?:is |are |with )?(?:[a-z]{2} )?$"
)
_ASKED = {
    Cue.ORDER, Cue.SECRET, Cue.PASSPORT, Cue.RESIDENT_ID, Cue.BANK_CARD, Cue.NUMBER, Cue.LICENCE_PLATE, Cue.MESSENGER,
    Cue.MOBILE,
}  # fmt: skip
_REACH = 60
_CUE_TURNS = 2
_FEWEST_LETTERS = 3
_FEWEST_CHARACTERS = 4
_UNASKED = 5

_STREET = re.compile(
    rf"(?<![a-z\d])(?:\d{{1,5}}[a-z]?|(?:(?:{_TEENS}|{_DIGIT}|hundred)[ -]+){{1,4}}(?<= ))(?: ?(?:north|south|east|"
    rf"west|[nsew]))? ?"
    r"(?:[a-z']+ ){1,3}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|close|"
    r"terrace|"
    r"crescent|square|parkway|highway|circle|trail|grove|gardens|row|hill)(?![a-z'])"
    rf"(?:,? (?:apartment|apt|suite|unit|flat|floor|number|room|lot) (?:[a-z]?\d+[a-z]?|(?:{_DIGIT}|"
    rf"{_TEENS})(?:[- ](?:{_DIGIT}|{_TEENS}|[a-z](?![a-z])))*"
    r"|[a-z](?![a-z])))?(?:, [a-z]+(?: [a-z]+)?(?=[.,\n]|$))?"
)
_BOX = re.compile(
    rf"(?<![a-z])(?:p\.?o\.? box|(?:apartment|apt|suite|unit|flat|lot)) (?:\d+[a-z]?|(?:{_DIGIT}|{_TEENS})(?![a-z]))"
)
_INTRODUCED = re.compile(
    r"(?<![a-z])(?:(?:my|his|her|our) (?:husband|wife|son|daughter|mother|mom|mum|father|dad|brother|sister|"
    r"partner|boss|"
    r"friend|roommate|neighbou?r|fiancée?|boyfriend|girlfriend|colleague|assistant|manager|doctor|uncle|aunt)(?:'s "
    r"name)?(?: is|,|'s)?|"
    r"it's|it is|that's|here is|under|named|called|spoke (?:to|with)|talked to|for|with|from|by|to|hi|hello|hey|"
    r"thanks|thank you|and) "
    r"(?=[a-z])"
)
_PAIR = re.compile(r"[A-Z][A-Za-z'’\-]+(?: (?:de|van|von|der|del|la|O'|Mc)?[A-Z][A-Za-z'’\-]+){1,2}")
_NO_NAME = re.compile(
    r"^(?:Thanks?|Yes|No|Okay|Sure|My|Your|Her|His|It|This|That|And|But|So|Hi|Hello|Hey|Please|We|You|He|She|They|"
    r"What|When|Where|How|"
    r"Is|Are|Do|Can|Could|Would|I'm|It's|Let|Calling|From|For|Great|Perfect|Lovely|Alright|Well|Actually)\b|"
    r"\b(?:Mr|Mrs|Ms|Dr|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|"
    r"June|July|August|"
    r"September|October|November|December|Street|Avenue|Road|Lane|Bank|Hotel|Airlines?|Express|Customer|Service|"
    r"Support|"
    r"Center|Centre|Park|Store|City|Dental|Clinic|Hospital|University|School|Insurance|Prime|Pro|Plus|Card|Visa|"
    r"Team|The|I|"
    r"Good|Morning|Afternoon|Court|Drive|Internet|Wireless|Energy|Electric|Water|Power|Office|Department|Inc|Ltd|"
    r"Company)\b"
)
_SENTENCE = re.compile(r"(?:^|[.?!\n] ?)(?=[a-z]+ [a-z]+(?: [a-z]+)?[.,?])")
_ALONE = re.compile(r"([A-Z][a-z'’\-]+(?: [A-Z][A-Za-z'’\-]+){1,2})[.,?]")
_SURNAME = re.compile(r"(?:'s| is|:|,)? ([A-Z][A-Za-z'’\-]+(?: [A-Z][A-Za-z'’\-]+)?)")
_REPLY = re.compile(
    r"(?:(?:[Yy]es|[Yy]eah|[Ss]ure|[Oo]kay|[Hh]i|[Uu]h|[Uu]m|[Ss]o|[Oo]h),? )*(?:(?:[Ii]t's|[Ii]t is|I'm|[Tt]his "
    r"is|[Uu]nder|[Tt]hat's|[Tt]hat would be) )?"
    r"([A-Z][A-Za-z'’\-]+(?:(?: and)? [A-Z][A-Za-z'’\-]+){1,3}|[A-Z][a-z'’\-]+(?=\. ?(?:[A-Z]-|$)))(?=[,.?!]|$| [a-z])"
)


def find_english(said: Said, heard: Sequence[Heard]) -> Iterator[Found]:
    """What is said in English: codes, spelled names, streets; nothing where no two English words stand together."""
    text = said.text
    if " " not in text or _LATIN.search(text) is None:
        return
    for match in (*_STREET.finditer(text), *_BOX.finditer(text)):
        yield Found(match.start(), match.end(), PersonalKind.ADDRESS, match.group())
    codes: set[str] = set()
    for form in (_CODE, _WHOLE):
        for match in form.finditer(text):
            kind = _kind_of(said, heard, match)
            if kind is not None:
                codes.add(re.sub("[^a-z0-9]", "", match.group()))
                yield Found(match.start(), match.end(), kind, re.sub("[^a-z0-9]", "", match.group()))


def _kind_of(said: Said, heard: Sequence[Heard], match: re.Match[str]) -> PersonalKind | None:
    text, code = said.text, match.group()
    letters = len(_SPELLED.findall(code))
    digits = len(_A_DIGIT.findall(code))
    cue = _cue_before(said, heard, match.start())
    if not digits:
        return PersonalKind.NAME if letters >= _FEWEST_LETTERS and not code.startswith(("a ", "i ")) else None
    line = text.rfind("\n", 0, match.start()) + 1
    if _UNIT.match(text, match.end()) or _BENIGN.search(text[max(line, match.start() - 24) : match.start()].lower()):
        return None
    whole = re.sub("[^a-z0-9]", "", code)
    mixed = letters > 0 or re.search("[a-z]\\d|\\d[a-z]", whole) is not None
    if cue in _ASKED and cue is not None and mixed and letters + digits + len(whole) >= _FEWEST_CHARACTERS * 2:
        return cue.kind
    if re.search("[a-z]", re.sub(rf"{_DIGIT}|double|triple|{_TEENS}", "", code)) is None:
        return None
    return PersonalKind.NUMBER if letters and digits >= _UNASKED else None


def _cue_before(said: Said, heard: Sequence[Heard], at: int) -> Cue | None:
    turn = said.turn_at(at)
    for word in reversed(heard):
        if word.end <= at and word.cue.kind is not None:
            near = turn - said.turn_at(word.start) <= _CUE_TURNS and at - word.end <= _REACH * 2
            return word.cue if near else None
    return None


def _spelled(code: str) -> str | None:
    """The word that ``code`` spells; ``None`` where it is too short to be a name.

    >>> _spelled("w-r-e-n"), _spelled("r e i double l y"), _spelled("a b")
    ('wren', 'reilly', None)
    """
    letters = re.sub("double[ -]([a-z])", r"\1\1", code)
    word = re.sub("[^a-z]", "", letters) if re.search("[a-z]{3}", letters) is None else ""
    return word if len(word) >= _FEWEST_LETTERS else None


def names_in_english(said: Said, heard: Sequence[Heard]) -> Iterator[tuple[int, int]]:
    """Two words with capitals after it's, my husband and the like, or in answer to a question for a name."""
    text = said.text
    for match in _INTRODUCED.finditer(text):
        name = _PAIR.match(said.original(match.end(), min(len(text), match.end() + 40)))
        if name is not None and _NO_NAME.search(name.group()) is None:
            yield match.end(), match.end() + name.end()
    for match in _CODE.finditer(text):
        if _A_DIGIT.search(match.group()) is None and (name_said := _spelled(match.group())) is not None:
            for again in re.finditer(rf"(?<![a-z]){name_said}(?![a-z])", text):
                yield again.span()
    for match in _SENTENCE.finditer(text):
        name = _ALONE.match(said.original(match.end(), min(len(text), match.end() + 40)))
        if name is not None and _NO_NAME.search(name[1]) is None:
            yield match.end(), match.end() + name.end(1)
    for word in heard:
        surname = (
            _SURNAME.match(said.original(word.end, min(len(text), word.end + 30))) if word.cue is Cue.NAME else None
        )
        if surname is not None and _NO_NAME.search(surname[1]) is None:
            yield word.end + surname.start(1), word.end + surname.end(1)
        line = text.find("\n", word.end) + 1
        if word.cue is Cue.NAME and line:
            reply = _REPLY.match(said.original(line, min(len(text), line + 60)))
            if reply is not None and _NO_NAME.search(reply[1]) is None:
                yield line + reply.start(1), line + reply.end(1)
