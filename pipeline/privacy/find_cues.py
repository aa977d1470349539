"""Words that say which datum is meant: 手机号, 尾号, 验证码, 怎么称呼 …"""

from collections.abc import Sequence
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pipeline.domain.personal import PersonalKind

if TYPE_CHECKING:
    import ahocorasick_rs


class Cue(Enum):
    """What a word announces."""

    MOBILE = PersonalKind.MOBILE
    LANDLINE = PersonalKind.LANDLINE
    RESIDENT_ID = PersonalKind.RESIDENT_ID
    BANK_CARD = PersonalKind.BANK_CARD
    PASSPORT = PersonalKind.PASSPORT
    LICENCE_PLATE = PersonalKind.LICENCE_PLATE
    EMAIL = PersonalKind.EMAIL
    MESSENGER = PersonalKind.MESSENGER
    ADDRESS = PersonalKind.ADDRESS
    NAME = PersonalKind.NAME
    BIRTH_DATE = PersonalKind.BIRTH_DATE
    ORDER = PersonalKind.ORDER
    SECRET = PersonalKind.SECRET
    NUMBER = PersonalKind.NUMBER
    TAIL = "tail"
    """The last three or four of a number, which are no personal data by themselves."""
    PUBLIC = "public"
    """Numbers that are nobody's: hotlines, staff, models, flights."""
    TITLE = "title"
    """What follows a name: 先生."""
    JOB = "job"
    """The same, but said of strangers too: 师傅."""
    NOTHING = "nothing"
    """Words that have one of the others in them and mean something else: 二维码."""
    KIN = "kin"
    """Who belongs to the speaker, before a name: 我老公刘洋."""

    @property
    def kind(self) -> PersonalKind | None:
        """The kind of datum; ``None`` where it is none."""
        return self.value if isinstance(self.value, PersonalKind) else None


OF_NAMES = frozenset({Cue.TITLE, Cue.JOB, Cue.KIN, Cue.NAME})
"""What is said beside names."""
_WORDS = {
    Cue.MOBILE: (
        "手机号 手机号码 手机 电话 电话号码 联系方式 联系电话 phone cellphone mobile telephone "
        "number_to_reach my_number"
    ),
    Cue.LANDLINE: "座机 固话 固定电话 区号 办公电话 单位电话 家里电话 宅电 landline",
    Cue.RESIDENT_ID: "身份证 身份证号 身份证号码 证件 证件号 证件号码 社会保障号 social_security ssn my_social",
    Cue.BANK_CARD: (
        "卡号 银行卡号 银行卡 信用卡号 储蓄卡号 借记卡号 信用卡卡号 这张卡 card_number the_card my_card "
        "credit_card debit_card"
    ),
    Cue.PASSPORT: "护照 护照号 护照号码 通行证 通行证号 台胞证 passport",
    Cue.LICENCE_PLATE: "车牌 车牌号 车牌号码 沪牌 绿牌 蓝牌 registration plate_number licence_plate license_plate",
    Cue.EMAIL: "邮箱 电子邮箱 邮箱地址 电子邮件 邮件地址 email e-mail mail_address",
    Cue.MESSENGER: "微信 微信号 qq qq号 扣扣 加您微信 wechat",
    Cue.ADDRESS: (
        "地址 住址 住在 您住 家在 住哪 寄到 送到 寄给 发到 寄往 搬到 位置 目的地 坐落 哪一栋 哪栋 哪一户 小区名 "
        "楼栋 门牌 门牌号 楼号 哪个小区 "
        "几栋 几单元 几零几 房号 房间号 收货地址 新家 房子在 address live_at"
    ),
    Cue.NAME: (
        "姓名 名字 全名 户名 贵姓 怎么称呼 称呼 户主 机主 车主 收件人 收货人 联系人 乘机人 乘客 入住人 "
        "入住人全名 投保人 被保险人 受益人 经办人 法人 病人 患者 预订人 开户名 租客 房东 持卡人 申请人 监护人 "
        "投保人 推荐人 业主 中文名 英文名 大名 小名 乳名 学名 对方叫 逝者 登记的是 主人 "
        "乘车人 学生姓名 孩子叫 "
        "叫什么 姓什么 您叫 我叫 叫做 名叫 他叫 她叫 实名 your_name full_name name_please his_name her_name "
        "surname the_name last_name "
        "first_name surname whose_name policyholder account_holder cardholder"
    ),
    Cue.BIRTH_DATE: "生日 出生 出生日期 出生年月 出生年月日 生于 哪年生 哪年生人 哪一天生 哪天生 几号生 几月生 "
    "几几年 九几年 八几年 七几年 零几年 一几年 生的 出世 哪年的 "
    "多大年纪 年龄 属什么 dob d.o.b birthday birth_date date_of_birth born birthdate",
    Cue.ORDER: (
        "编号 车架号 发动机号 档案编号 档案号 给我的编号 给您的编号 读者证号 证书编号 毕业证编号 学历编号 "
        "给你的编号 提货单 提单号 票据号 发票号 税号 订单 订单号 订单编号 单号 快递单号 运单号 运单 "
        "物流单号 保单 保单号 保单号码 户号 账号 帐号 账户 "
        "宽带账号 收款账号 会员号 会员卡号 合同号 合同编号 工单号 工单编号 受理号 受理编号 报案号 案件号 "
        "客户号 流水号 交易号 预约号 学号 病历号 就诊卡号 就诊卡 住院号 社保号 社保卡号 医保卡号 公积金账号 "
        "煤气号 燃气编号 燃气号 电表号 水表号 店铺id 店铺编号 客户编号 会员编号 学员编号 学员号 社保号后六位 "
        "角色id 用户id id 票号 参保号 申请号 投诉编号 投诉单号 保修单号 取票号 policy policy_number order "
        "order_number account account_number member_number membership case_number ticket_number "
        "tracking_number reference_number confirmation_number booking_reference reference confirmation booking "
        "confirmation_code reservation claim_number"
    ),
    Cue.SECRET: (
        "取件报 取餐报 取货报 码 那串 密保 暗号 取货凭 取件凭 取餐凭 凭证码 密码 验证码 校验码 取餐码 取号码 "
        "门锁码 开门码 动态码 动态密码 安全码 短信码 口令 解锁码 取件码 "
        "取货码 提货码 激活码 授权码 识别码 兑换码 卡密 cvv cvc 背面 卡背 背后 背面后三位 背面那三位 背面三位 背后三位 "
        "后面三位数 签名条 签名栏 三位数 三个数 小数字 一串数字 那串数字 那一串 那串 六位数 六位数字 四位数字 "
        "六个数 四个数字 六个数字 仨数 那六位 那个六位 四位的 六位的 password passcode pin security_code "
        "verification_code on_the_back on_the_front the_three_on code"
    ),
    Cue.NUMBER: "号码 这个号 那个号 我这号 前六位 前几位 前三位 前七位 中间四位 中间几位 number",
    Cue.TAIL: (
        "尾号 尾数 末尾 后四位 后4位 后三位 后3位 后两位 末四位 末三位 尾四位 最后四位 最后三位 最后几位 "
        "后几位 末几位 后四个 最后四个 尾号是 last_four last_4"
    ),
    Cue.PUBLIC: (
        "工号 型号 序列号 出厂编号 产品编号 商品编号 设备编号 车辆编号 车身编号 机器编号 零件编号 款号 货号 批号 "
        "批次号 "
        "有效期 座位号 座位 expiry expiration 分机 分机号 读数 表底数 版本号 版本 端口 错误码 错误代码 故障码 "
        "故障代码 股票代码 基金代码 色号 登机口 检票口 航班 航班号 车次 热线 "
        "服务热线 客服热线 客服电话 服务电话 投诉电话 "
        "监督电话 总机 前台座机 前台电话 窗口座机 窗口电话 门店电话 店里电话 网点电话 厅里电话 客服专线 官网 "
        "网址 车身 车号 设备号 桩号 店里座机 值班室座机 门市电话 表号 代码 金额 一共 余额 积分 房价 "
        "血压 邮编 期号 系列 hotline toll-free model flight total"
    ),
    Cue.TITLE: "先生 女士 小姐 太太 夫人 阿姨 同学",
    Cue.JOB: (
        "老师 师傅 律师 医生 大夫 主任 经理 老板 教授 护士 会长 董事长 理事长 村长 镇长 部长 馆长 园长 同志 院长 "
        "校长 局长 处长 科长 所长 厂长 队长 站长 班长 "
        "组长 店长 主管 总监 教练 会计 书记 警官 法官 工程师 叔叔 大爷 大妈 大姐 大哥 奶奶 爷爷 妈妈 爸爸 "
        "副总 总 哥 姐 叔 婶 嫂 董 工"
    ),
    Cue.NOTHING: (
        "二维码 扫码 条码 条形码 尺码 鞋码 数码 编码 起码 源码 乱码 页码 均码 大码 小码 加码 筹码 码头 价码 解码 机顶盒"
    ),
    Cue.KIN: (
        "爱人 老公 老婆 媳妇 妈 爸 母亲 父亲 儿子 女儿 闺女 弟弟 弟 妹妹 妹 哥哥 姐姐 孙子 外孙 婆婆 公公 "
        "岳母 岳父 丈夫 妻子 外婆 外公 姥姥 姥爷 丈母娘 老丈人 舅舅 姑姑 孩子 宝宝 小孩 侄子 侄女 外甥 领导 表哥 "
        "表姐 表弟 表妹 堂哥 堂弟 堂姐 堂妹 嫂子 姐夫 妹夫 女婿 儿媳 房东 室友 "
        "对象 男朋友 女朋友 闺蜜 邻居 会计 "
        "同事 朋友 助理"
    ),
}
"""By cue the words that stand for it; an underscore is a blank. Where a word has two cues the first counts."""
"""By cue the words that stand for it; an underscore is a blank. Where a word has two cues the first counts."""


_NUMBERED = (
    "用户 客户 会员 学员 合同 保单 订单 工单 受理 申请 登记 投诉 案件 报修 报案 预约 "
    "档案 证书 毕业证 回执 申诉 证件 学籍 驾驶证 执照 社保 医保 病案 住院 报告 快递 包裹 房产 产权 处方 挂号 "
    "体检 业务 账户 缴费 燃气 用电 用水 理赔 批单 贷款 开户"
)
_NUMBERS = "号 号码 编号 编码 单号 代码"
"""用户编号, 理赔单号 and so on are accounts, though 编号 alone is a thing's."""


_SHORT = 4


class Heard(NamedTuple):
    """A cue at ``[start, end)``."""

    start: int
    end: int
    cue: Cue


@cache
def _automaton() -> "tuple[ahocorasick_rs.AhoCorasick, Sequence[Cue]]":
    import ahocorasick_rs

    cues = {stem + number: Cue.ORDER for stem in _NUMBERED.split() for number in _NUMBERS.split()}
    for cue, words in _WORDS.items():
        for word in words.split():
            cues.setdefault(word.replace("_", " "), cue)
    automaton = ahocorasick_rs.AhoCorasick(
        list(cues),
        matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
        implementation=ahocorasick_rs.Implementation.ContiguousNFA,
    )
    return automaton, tuple(cues.values())


def cues_of(text: str) -> list[Heard]:
    """The cues of ``text``, a text in normal form, in order; where several begin at one place the longest.

    >>> [(heard.start, heard.cue.name) for heard in cues_of("报一下手机号后四位")]
    [(3, 'MOBILE'), (6, 'TAIL')]
    """
    automaton, cues = _automaton()
    found = automaton.find_matches_as_indexes(text)
    return [
        Heard(start, end, cues[which])
        for which, start, end in found
        if cues[which] is not Cue.NOTHING and not (text[end - 1].isascii() and _is_part(text, start, end))
    ]


def _is_part(text: str, start: int, end: int) -> bool:
    """Whether an English word goes on before or after, as id in did: one of four letters or less must stand alone."""
    if end - start > _SHORT:
        return False
    return ("a" <= text[max(0, start - 1)] <= "z" and start > 0) or "a" <= text[end : end + 1] <= "z"
