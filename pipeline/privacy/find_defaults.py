"""Digits that no word announces: said as an identifier they are somebody's, unless the words beside say otherwise."""

import re
from collections.abc import Sequence

from pipeline.domain.calls import Role
from pipeline.privacy.find_digits import Run
from pipeline.privacy.find_said import Said
from pipeline.privacy.find_shapes import is_date, is_public

_FEWEST = 5
"""From how many digits a number that nobody asked for is an identifier."""
_FEWEST_LOOSE = 7
"""From how many, where it is said in pairs, or in pieces of several turns."""
_FEWEST_ANSWER = 4
"""From how many, where it is all that a request is answered with."""
_LONG_PIECE = 3
_BEFORE = 12
_MONEY = re.compile(
    r"(?:[额价钱费款薪]|花|付|充|扣|交|退|赚|挣|亏|卖|欠|借|还|赔|收|奖|减|涨|降|存|取|转|押金|首付|月供|工资|"
    r"收入|预算|成本|利息|rmb|[¥$])"
    r"[了到过是出掉有个大约概差不多共计为走我你您 ,:]{0,4}$"
)
"""Before figures: an amount whose unit was not written."""
_COUNTED = re.compile(
    r"(?:第|共|总计|合计|大约|大概|左右|将近|差不多|超过|不到|多达|读数|表底|表上|显示|走到|跑了|里程|阅读|播放|"
    r"粉丝|点赞|"
    r"版本|固件|系统|安卓|端口|频率|频道|分辨率|错误|故障|报错|代码|股票|基金|邮编|邮政|航班|车次|列车|高铁|动车|"
    r"火车|公交|"
    r"型号|机型|款|批次|批号|期|第|条|页|iso|gb|gb/t|国标|标准|文号|字号|尺寸|规格|色号|货号|条码|排|座|桌|工号|"
    r"窗口|柜台|分机|转)"
    r"[号码是了为有:,的显示到 a-z]{0,4}$"
)
"""Before digits: what is read, counted or made in numbers, and is nobody's."""
_SIZES = re.compile(
    r" ?(?:[x*×乘比]|[到至~](?![你您我他她])|毫安|毫升|公里|赫兹|hz|mah|kwh|fps|rpm|分贝|像素|流明|瓦|伏|"
    r"安(?!全)|大卡|卡路里|转每|路(?!上)|系列|型|版|版本|"
    r"那款|这款)"
)
_REQUEST = re.compile(
    "报|念|读|说一|说下|说说|讲一|请讲|请说|提供|告诉|发来|给我|发我|输一|输入|核对|核实|什么|多少|哪个|是几|"
    "看一下|看下|收到|有吗|有没有|号|码|数字"
)
_NO_REQUEST = re.compile(
    "哪年|哪一年|几年|年份|读数|度数|表|价|钱|费|额|分机|面积|平米|年龄|多大|几点|时间|工号|型号|尾|后四|末四|"
    "最后|多久|几岁|里程|公里|型|邮编|版本|房"
)
_ENTERED = re.compile("(?:输入?|摁|凭|取[件货餐票]报|码)[,是:了个]{0,2}(?:井号|星号|#)?$")
_SO_MANY = re.compile(",?[这那][三四五六七八]个?(?:数|位|字)|就能?[开进]")
_FILLING = re.compile(
    "[\\s,.。?!、…:;\"'~—\\-]|嗯|呃|额|哦|啊|诶|哎|对|是|就|那个|这个|好的?|来了|我看看|我看下|看到了|有了|"
    "收到了?|应该|吧|哈|呢|嘛|你记一?下?|您记一?下?"
)
_LONGEST_RAW = 24


def is_identifier(said: Said, runs: Sequence[Run], streams: Sequence[str]) -> bool:
    """Whether the digits of ``runs``, the pieces of one number as it seems, identify somebody or something of theirs.

    Args:
        streams: the digits that each party says of them, put together.
    """
    benign = {run.digits for run in runs if _is_benign(said.text, run)}
    kept = [run for run in runs if run.digits not in benign]
    if not kept:
        return False
    longest = max(kept, key=lambda run: len(run.digits))
    if len(longest.digits) >= _FEWEST_LOOSE:
        return True
    if len(longest.digits) >= _FEWEST and max(len(piece.digits) for piece in longest.pieces) >= _LONG_PIECE:
        return True
    if len(kept) == len(runs) > 1 and _dictated(said, kept) and max(map(len, streams)) >= _FEWEST_LOOSE:
        return True
    return any(len(run.digits) >= _FEWEST_ANSWER and (_answers(said, run) or _opens(said.text, run)) for run in kept)


def _is_benign(text: str, run: Run) -> bool:
    """Whether the words around, or the form, say that ``run`` counts, measures or dates, or is a hotline's."""
    if is_public(run.digits) or is_date(run.digits) or all(is_date(piece.digits) for piece in run.pieces):
        return True
    if _SIZES.match(text, run.end):
        return True
    before = text[max(text.rfind("\n", 0, run.start) + 1, run.start - _BEFORE) : run.start]
    if _COUNTED.search(before):
        return True
    return text[run.start].isascii() and len(run.pieces) == 1 and _MONEY.search(before) is not None


def _opens(text: str, run: Run) -> bool:
    """Whether the words around say that the digits open something: 直接输零六幺九就开了, 报四四九二这四个数."""
    before = text[max(0, run.start - _BEFORE) : run.start]
    return _ENTERED.search(before) is not None or _SO_MANY.match(text, run.end) is not None


def _dictated(said: Said, runs: Sequence[Run]) -> bool:
    """Whether one party says digits and little else in turn after turn."""
    bare = [run for run in runs if _bare(said, run)]
    return len({run.turn for run in bare}) > 1 and len(bare) == len(runs)


def _answers(said: Said, run: Run) -> bool:
    """Whether ``run`` is all of a turn that follows a request for something."""
    if run.turn == 0 or not _bare(said, run):
        return False
    asker = said.turns[run.turn - 1]
    if asker.role is said.turns[run.turn].role is not Role.UNKNOWN:
        return False
    request = asker.text[-_LONGEST_RAW:]
    return _REQUEST.search(request) is not None and _NO_REQUEST.search(request) is None


def _bare(said: Said, run: Run) -> bool:
    text = said.text
    begin = text.rfind("\n", 0, run.start) + 1
    end = text.find("\n", run.end)
    around = text[begin : run.start] + text[run.end : end if end >= 0 else len(text)]
    return len(around) <= _LONGEST_RAW and not _FILLING.sub("", around)
