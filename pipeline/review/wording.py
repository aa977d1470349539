"""Words that several pages share: Chinese first, English beside it."""

from pipeline.domain.accounts import AccountRole
from pipeline.domain.calls import Role
from pipeline.domain.results import Severity

Words = tuple[str, str]
LANGUAGES = ("zh", "en")
SEVERITY_MARKS: dict[Severity, str] = {Severity.CRITICAL: "crit", Severity.ALERT: "alert", Severity.MINOR: "minor"}
"""Classes of style.css: shape and colour of a mark."""

SPEAKER_WORDS: dict[Role, Words] = {
    Role.AGENT: ("坐席", "Agent"),
    Role.CUSTOMER: ("顾客", "Caller"),
    Role.UNKNOWN: ("某方", "Someone"),
}
SPEAKER_MARKS: dict[Role, str] = {Role.AGENT: "ag", Role.CUSTOMER: "cu", Role.UNKNOWN: "un"}
"""Classes of style.css: the colour of a channel."""

ROLE_NAMES: dict[AccountRole, Words] = {
    AccountRole.REVIEWER: ("质检员", "Reviewer"),
    AccountRole.LEAD: ("班组长", "Team lead"),
    AccountRole.AGENT: ("坐席", "Agent"),
    AccountRole.AUTHOR: ("规则作者", "Rule author"),
    AccountRole.MANAGER: ("质检经理", "Quality manager"),
    AccountRole.COMPLIANCE: ("合规专员", "Compliance officer"),
    AccountRole.ADMIN: ("系统管理员", "Administrator"),
}

ACTION_NAMES: dict[str, Words] = {
    "login": ("登录", "Logged in"),
    "login_failed": ("登录失败", "Failed to log in"),
    "logout": ("退出", "Logged out"),
    "open": ("打开通话", "Opened a call"),
    "hear": ("收听录音", "Heard a call"),
    "judge": ("判定", "Judged"),
    "assign": ("分配", "Assigned"),
    "appeal": ("申诉", "Appealed"),
    "decide": ("裁定", "Decided"),
    "export": ("导出", "Exported"),
    "unmask": ("查看原文", "Saw a call unmasked"),
    "search": ("搜索", "Searched"),
    "report": ("查看报告", "Read a report"),
    "draw": ("抽样", "Drew a sample"),
    "action": ("闭环措施", "Worked on an action"),
    "calibrate": ("校准", "Ran a calibration"),
    "gold": ("定标准答案", "Decided gold"),
    "account": ("变更账号", "Changed an account"),
}

FAULTS: dict[int, tuple[Words, Words]] = {
    400: (
        ("请求无法处理", "The request cannot be handled"),
        ("请返回上一页重试。", "Go back and try again."),
    ),
    401: (
        ("请先登录", "Log in first"),
        ("登录已过期或尚未登录。", "You are not logged in, or no longer."),
    ),
    403: (
        ("没有权限", "Not allowed"),
        (
            "当前账号不能执行此操作。需要时请联系管理员。",
            "Your account may not do this. Ask your administrator if it should.",
        ),
    ),
    404: (
        ("没有找到", "Not found"),
        ("没有这个页面或通话，或者你无权查看。", "There is no such page or call, or it is not yours to see."),
    ),
    405: (
        ("请求无法处理", "The request cannot be handled"),
        ("此地址不支持该操作。", "This address does not do that."),
    ),
    409: (
        ("已被他人更改", "Changed by somebody else"),
        ("刷新后再试。", "Reload, then try again."),
    ),
    413: (
        ("内容过大", "Too large"),
        ("提交的内容超出上限。", "What was sent is over the limit."),
    ),
    422: (
        ("填写有误", "Something is not filled in right"),
        ("请检查后重新提交。", "Check it and send it again."),
    ),
    429: (
        ("尝试过于频繁", "Too many tries"),
        ("请稍后再试。", "Wait a while, then try again."),
    ),
    500: (
        ("系统出错了", "Something went wrong"),
        ("错误已记录。已保存的判定不受影响。", "It has been logged. Judgements that were saved are safe."),
    ),
    503: (
        ("数据库忙，正在重试", "The database is busy, trying again"),
        ("批处理可能正在写入，请稍候。", "A batch may be writing to it. Wait a moment."),
    ),
}
"""HTTP status → title and what to do."""


def pick(words: Words, language: str) -> str:
    """The words in that language."""
    return words[1] if language == "en" else words[0]
