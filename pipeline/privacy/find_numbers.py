"""Which runs of digits are somebody's number, of which kind, and which belong together."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.domain.calls import Role
from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_cues import OF_NAMES, Cue, Heard
from pipeline.privacy.find_defaults import is_identifier
from pipeline.privacy.find_digits import DIGIT, Run
from pipeline.privacy.find_said import Found, Said
from pipeline.privacy.find_shapes import is_date, is_public, shape_of

_BACK_CHANNEL = re.compile(
    r"[\s,.。?!、…:;\"'~—\-]|嗯|啊|哦|呃|哎|诶|对|好的?|您说|你说|是的?|请讲|继续|然后|后面|还有|再|"
    r"呢|吧|那个|就是|没错|可以|行|等会儿|"
    r"等一下|不|错了?|应该|[一-鿿]?遍|中间|最后|前面|开头|数|我|您|你|记|了"
)
_WORDS_BETWEEN = 9
"""Characters besides back-channels that may stand between two pieces of a number (哎系统卡了一下)."""
_TURNS_BETWEEN = 4
_CUES_TOGETHER = 4
_CUE_REACH = 40
"""Characters from a word like 手机号 to the number in the same turn."""
_TURNS_BACK = 4
_ASK_REACH = 160
_PUBLIC_TURNS = 2
_AFTER_REACH = 9
_FEWEST = {
    Cue.MOBILE: 5,
    Cue.LANDLINE: 6,
    Cue.RESIDENT_ID: 5,
    Cue.BANK_CARD: 5,
    Cue.PASSPORT: 6,
    Cue.MESSENGER: 5,
    Cue.ORDER: 5,
    Cue.SECRET: 3,
    Cue.NUMBER: 5,
    Cue.LICENCE_PLATE: 5,
    Cue.EMAIL: 7,
}
"""From how many digits a number is taken for what the words before it announce."""
_REPEATED = 4
"""From how many digits a number that was found is found again wherever it is said."""
_GROUP = 4
"""Digits that are said in one breath: 幺幺二二 can be a group of a card's as well as a hotline."""
_PIECE = 2
_LETTERS_BEFORE = re.compile(
    r"(?:(?:(?<![a-z])[a-z]{1,12}|下划线|斜?杠)(?:[,、_\-]{0,2}|,?(?:后面|后边|然后|再|加)是?,?)|(?<![a-z])[a-z] )+$"
)
_LETTERS_AFTER = re.compile(
    rf"(?:[,、_\- ]?(?:艾特|@|#|\*|井号?键?|星号键?|[a-z](?![a-z]{{3}})|下划线|杠|[\d{DIGIT}]))+"
)
_CLOSE = {Cue.SECRET, Cue.ORDER, Cue.BANK_CARD}
"""What is announced in the same sentence, if in the same turn."""
_SENTENCE_END = re.compile(r"[。?!;]|\.(?!\d)")
_A_NUMBER = re.compile(rf"$|[?,。:!、 \n\d{DIGIT}十要是为就呢嘛吧啊]|一百|后|末|尾|变|换|我|您|你|给")
_HAD = re.compile(rf"[\d{DIGIT}十百千万]{{2,}}")
_AND_ALSO = re.compile(".{0,3}(?:或|和|及|跟|、|还有|转|到|至|-)")
_THING = re.compile("[车机灯柜桩表箱仪]|电梯|设备|产品|商品|型号")
_THING_REACH = 24
_SIZE = frozenset("零一二三四五六七八九十0123456789么")
_TO_BIRTH_DATE = 14
"""Digits of a resident id up to the end of the date of birth in it."""
_IN_PIECES = {PersonalKind.MOBILE, PersonalKind.RESIDENT_ID, PersonalKind.BANK_CARD}
_AMBIGUOUS = {PersonalKind.BANK_CARD, PersonalKind.LANDLINE}
_DECIDING = {Cue.RESIDENT_ID, Cue.ORDER, Cue.MESSENGER, Cue.BANK_CARD, Cue.SECRET}
_LETTERED = {
    PersonalKind.NUMBER,
    PersonalKind.ORDER,
    PersonalKind.SECRET,
    PersonalKind.MESSENGER,
    PersonalKind.PASSPORT,
}
_PLUS = re.compile(r"(?:\+|(?<![a-z])plus |加)$")
_ONE_LETTER = re.compile("(?<![a-z0-9])[a-z]$")
_CAPITALS = re.compile(r"(?<![a-z])[a-z]{1,3} $")
_TOLL_FREE = re.compile(r"(?:1[- ])?8(?:00|88|77)[- ]\d{3}[- ]")
_WORD = re.compile("[一-鿿](?<!杠)")


@dataclass(slots=True)
class _Chain:
    """Runs of both parties that may be pieces of one number."""

    runs: list[Run]
    cue: Cue | None
    streams: dict[Role, str] = field(default_factory=dict)

    def add(self, run: Run) -> None:
        self.runs.append(run)
        self.streams[run.role] = self.streams.get(run.role, "") + run.digits


def find_numbers(
    said: Said, runs: Sequence[Run], heard: Sequence[Heard], own_numbers: Collection[str]
) -> Iterator[Found]:
    """The numbers among ``runs`` that are personal data, with the letters that belong to them.

    Args:
        own_numbers: digits of the company's own numbers.
    """
    asked = _Asked(said, heard)
    found: list[Found] = []
    nobodys: set[str] = set()
    for chain in _chains(said, runs, asked):
        if chain.cue is Cue.PUBLIC:
            nobodys.update(run.digits for run in chain.runs)
        if chain.cue is not None or not nobodys.issuperset(run.digits for run in chain.runs):
            found += _found_in(said, chain, own_numbers)
    yield from found
    yield from _repeated(said, runs, found)


def _repeated(said: Said, runs: Sequence[Run], found: Sequence[Found]) -> Iterator[Found]:
    """Where a whole number that was found is said once more, whatever stands around it."""
    kinds = {datum.value: datum.kind for datum in found if len(datum.value) >= _REPEATED and not is_date(datum.value)}
    for run in runs:
        if run.digits in kinds:
            yield from _spans(said, run, kinds[run.digits], run.digits)


def _announces(text: str, word: Heard) -> bool:
    """Whether 手机 means a number: 手机是, 手机? and 手机幺三八, not 手机助手."""
    said = text[word.start : word.end]
    if said == "码":
        return text[max(0, word.start - 1) : word.start] not in _SIZE
    return said != "手机" or _A_NUMBER.match(text, word.end) is not None


def _is_of_things(text: str, word: Heard) -> bool:
    """Whether 编号 is that of a car, a device or an article."""
    if text[word.start : word.end] != "编号":
        return False
    near = _THING.search(text, max(0, word.start - _THING_REACH), word.start)
    return near is not None or "型号" in text[max(0, word.start - 6 * _THING_REACH) : word.start]


def numbers_announced(text: str, heard: Sequence[Heard]) -> list[Heard]:
    """Those of the words ``heard`` that announce numbers; 编号 of a thing announces what is nobody's."""
    return [
        Heard(word.start, word.end, Cue.PUBLIC) if _is_of_things(text, word) else word
        for word in heard
        if word.cue not in OF_NAMES and _announces(text, word)
    ]


class _Asked:
    """What the words around a run ask for."""

    def __init__(self, said: Said, heard: Sequence[Heard]) -> None:
        self._said = said
        self._heard = numbers_announced(said.text, heard)
        self._ends = [word.end for word in self._heard]

    def cue_of(self, run: Run) -> tuple[Cue | None, bool]:
        """What the run is announced as, and whether in its own turn."""
        last = bisect_right(self._ends, run.start) - 1
        while last >= 0 and self._spent(last, run):
            last -= 1
        if last >= 0 and self._said.turn_at(self._heard[last].start) == run.turn:
            between = self._said.text[self._ends[last] : run.start]
            if len(between) <= _CUE_REACH and not (self._heard[last].cue in _CLOSE and _SENTENCE_END.search(between)):
                return self._strongest(last), True
        elif (after := self._after(run, last + 1)) is not None:
            return after, True
        if last >= 0:
            turn = self._said.turn_at(self._heard[last].start)
            if run.turn - turn <= _TURNS_BACK and run.start - self._ends[last] <= _ASK_REACH:
                return self._strongest(last), False
        return None, False

    def _spent(self, last: int, run: Run) -> bool:
        """Whether a word such as 工号 has had its number before ``run``, or was said too long ago to mean it."""
        word = self._heard[last]
        if word.cue is not Cue.PUBLIC and word.cue is not Cue.TAIL:
            return False
        if run.turn - self._said.turn_at(word.start) > _PUBLIC_TURNS and word.cue is Cue.PUBLIC:
            return True
        had = [digits.end() for digits in _HAD.finditer(self._said.text, word.end, run.start)]
        return bool(had) and _AND_ALSO.match(self._said.text, had[-1], run.start) is None

    def between(self, end: int, start: int) -> Cue | None:
        """The last cue in ``[end, start)``."""
        last = bisect_right(self._ends, start) - 1
        return self._heard[last].cue if last >= 0 and self._heard[last].start >= end else None

    def _strongest(self, last: int) -> Cue:
        """背面后三位 is a secret, not a tail: what stands right before a tail counts where it is one."""
        word = self._heard[last]
        before = self._heard[last - 1] if last else None
        if before is None or word.start - before.end > _CUES_TOGETHER:
            return word.cue
        secret = word.cue is Cue.TAIL and before.cue is Cue.SECRET
        return before.cue if secret or (word.cue is Cue.NUMBER and before.cue is not Cue.TAIL) else word.cue

    def _after(self, run: Run, following: int) -> Cue | None:
        if following < len(self._heard):
            word = self._heard[following]
            if word.start - run.end <= _AFTER_REACH and "\n" not in self._said.text[run.end : word.start]:
                return word.cue if word.cue.kind is not None else None
        return None


def _chains(said: Said, runs: Sequence[Run], asked: _Asked) -> Iterator[_Chain]:
    chain: _Chain | None = None
    for run in runs:
        cue, own = asked.cue_of(run)
        if chain is not None and _joins(said, chain, run, cue if own else None, asked):
            chain.add(run)
            continue
        if chain is not None:
            yield chain
        chain = _Chain([], cue)
        chain.add(run)
    if chain is not None:
        yield chain


def _joins(said: Said, chain: _Chain, run: Run, own_cue: Cue | None, asked: _Asked) -> bool:
    """Whether ``run`` may be a further piece of what ``chain`` says, a repetition or a correction of it."""
    last = chain.runs[-1]
    if run.turn - last.turn > _TURNS_BETWEEN:
        return False
    if chain.cue is Cue.PUBLIC and run.role is not last.role and run.digits not in "".join(chain.streams.values()):
        return False
    cue = asked.between(last.end, run.start)
    whole = chain.streams.get(run.role, "") + run.digits
    if chain.cue is Cue.TAIL:
        return shape_of(whole) in _IN_PIECES and shape_of(run.digits) is None
    if (cue or own_cue) in (Cue.TAIL, Cue.BIRTH_DATE):
        return shape_of(whole) in _IN_PIECES or (len(whole) == _TO_BIRTH_DATE and is_date(run.digits))
    if cue is not None and cue is not chain.cue and cue is not Cue.NUMBER:
        return False
    words = _BACK_CHANNEL.sub("", said.text[last.end : run.start])
    return len(words) <= _WORDS_BETWEEN


def _found_in(said: Said, chain: _Chain, own_numbers: Collection[str]) -> Iterator[Found]:
    whole = _whole_of(said, chain)
    for run in chain.runs:
        digits = run.digits
        kind, value = _kind_of(digits, chain.cue), digits
        if kind is None and whole is not None and len(digits) >= _PIECE:
            kind, value = whole
        hotline = chain.cue not in _DECIDING and is_public(digits) and (value == digits or len(digits) > _GROUP)
        if kind is None or hotline or _TOLL_FREE.match(said.text, run.start) or is_own(value, own_numbers):
            continue
        yield from _spans(said, run, kind, value)


def _whole_of(said: Said, chain: _Chain) -> tuple[PersonalKind, str] | None:
    """The number that the pieces of ``chain`` make, ``None`` where they are nobody's."""
    longest = max(chain.streams.values(), key=len)
    letters = 0
    if chain.cue is not None and chain.cue.kind in _LETTERED:
        letters = max(_letters_before(said.text, run.start) for run in chain.runs)
    single = max((run.digits for run in chain.runs), key=len)
    for digits in (single, *chain.streams.values()):
        kind = _kind_of(digits, chain.cue)
        if kind is not None:
            return kind, digits
    if chain.cue is Cue.PUBLIC or is_public(longest):
        return None
    if chain.cue is Cue.TAIL:
        return (PersonalKind.NUMBER, longest) if len(single) >= 5 else None
    if chain.cue is not None and chain.cue in _FEWEST:
        kind = chain.cue.kind
        return (kind, longest) if kind is not None and len(longest) + letters >= _FEWEST[chain.cue] else None
    return (PersonalKind.NUMBER, longest) if is_identifier(said, chain.runs, list(chain.streams.values())) else None


def _letters_before(text: str, at: int) -> int:
    letters = at
    while letters and "a" <= text[letters - 1] <= "z":
        letters -= 1
    return at - letters


def _kind_of(digits: str, cue: Cue | None) -> PersonalKind | None:
    """The kind by the form of ``digits``; where several numbers have that form the one that was announced."""
    kind = shape_of(digits)
    if kind is PersonalKind.LANDLINE and cue is Cue.PUBLIC:
        return None
    if kind in _AMBIGUOUS and cue is not None and cue in _DECIDING:
        return cue.kind
    return kind


def is_own(value: str, own_numbers: Collection[str]) -> bool:
    """Whether the digits ``value`` are one of the company's own numbers, or most of one."""
    return any(value == number or (number.endswith(value) and len(value) >= 7) for number in own_numbers)


def _spans(said: Said, run: Run, kind: PersonalKind, value: str) -> Iterator[Found]:
    """The pieces of ``run``, joined where no word stands between them."""
    text = said.text
    start, end = run.start, run.pieces[0].end
    if (plus := _PLUS.search(text, max(0, start - 5), start)) is not None:
        start = plus.start()
    if kind in _LETTERED:
        line = text.rfind("\n", 0, start) + 1
        before = _LETTERS_BEFORE.search(text, max(line, start - 24), start)
        start = before.start() if before else start
        capitals = _CAPITALS.search(text, max(line, start - 4), start)
        if capitals is not None and said.original(capitals.start(), start).strip().isupper():
            start = capitals.start()
    if kind not in _LETTERED and _ONE_LETTER.search(text, max(0, start - 2), start) is not None:
        start -= 1
    for piece in run.pieces[1:]:
        if _WORD.search(text, end, piece.start):
            yield Found(start, end, kind, value)
            start = piece.start
        end = piece.end
    if kind in _LETTERED and (after := _LETTERS_AFTER.match(text, end)):
        end = after.end()
    yield Found(start, end, kind, value)
