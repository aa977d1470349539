"""Made-up people: seeded, so that none is real and all are known."""

import random
from dataclasses import dataclass

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = "翀昶琬玥骁瑄琰彧恺晔煜霁翊琎璟珩珺熠琮瑾昀澍"
STREETS = ("青檀", "紫荆", "望湖", "云栖", "白鹭", "松涛", "澄湖", "朝霞", "金穗", "临江")
CITIES = ("杭州市", "苏州市", "成都市", "武汉市", "长沙市", "青岛市")
_SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
_WRITTEN = str.maketrans("0123456789", "零一二三四五六七八九")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Identity:
    """One made-up person."""

    name: str
    mobile: str
    resident_id: str
    card: str
    email: str
    address: str

    @property
    def numbers(self):
        """What is written in digits."""
        return self.mobile, self.resident_id, self.card

    @property
    def words(self):
        """What is not."""
        return self.name, self.email, self.address


def make_up(count, *, seed):
    """So many people, no two with the same name or number."""
    rng = random.Random(seed)
    people, names = [], set()
    while len(people) < count:
        name = rng.choice(SURNAMES) + "".join(rng.sample(GIVEN, 2))
        if name not in names:
            names.add(name)
            people.append(_identity(rng, name))
    return people


def _identity(rng, name):
    mobile = f"1{rng.choice('356789')}{rng.randrange(10**9):09}"
    born = f"{rng.randrange(1950, 2004)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    body = f"{rng.choice(('330106', '320508', '510104', '420106'))}{born}{rng.randrange(1000):03}"
    check = "10X98765432"[sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, body, strict=True)) % 11]
    email = f"{''.join(rng.choices('abcdefghijkmnpqrstuvwxyz', k=9))}@example.com"
    address = f"{rng.choice(CITIES)}{rng.choice(STREETS)}路{rng.randrange(100, 9999)}号"
    return Identity(name, mobile, body + check, _card(rng), email, address)


def _card(rng):
    body = "622202" + "".join(str(rng.randrange(10)) for _ in range(12))
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(body)))
    return body + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def said(number, form):
    """A number as it is spoken or written, in one of five forms."""
    match form % 5:
        case 0:
            return number
        case 1:
            return number.translate(_SPOKEN)
        case 2:
            return number.translate(_WIDE)
        case 3:
            return "，".join(number.translate(_WRITTEN)[at : at + 4] for at in range(0, len(number), 4))
        case _:
            return f"{number[:3]} {number[3:7]} {number[7:]}"


def dialogue(person, form):
    """What agent and customer say of one person, the agent first, taking turns."""
    surname = person.name[0]
    return (
        "请问您贵姓",
        f"你好我叫{person.name}",
        f"{surname}先生您好，请报一下您的手机号码",
        f"我的手机号是{said(person.mobile, form)}",
        f"您的手机号是{said(person.mobile, form + 1)}，对吗，身份证号码呢",
        f"对的，身份证号码是{said(person.resident_id, form + 2)}",
        "好的，银行卡号报一下",
        f"银行卡号是{said(person.card, form + 3)}",
        "家庭住址和邮箱呢",
        f"地址是{person.address}，邮箱是{person.email}",
        f"姓名是{person.name}，没错吧",
        "没错，你们这个神经病公司，我要投诉",
    )
