"""Words of the queue: Chinese first, English beside it."""

from pipeline.domain.results import ErrorClass, Severity
from pipeline.review.wording import Words
from pipeline.store.queue_filter import QueueOrder, QueueStatus

STATUS_WORDS: dict[QueueStatus, Words] = {
    QueueStatus.OPEN: ("待复核", "To review"),
    QueueStatus.DOUBTFUL: ("无法判定", "Cannot judge"),
    QueueStatus.UNFLAGGED: ("未命中", "No hit"),
    QueueStatus.DONE: ("已复核", "Reviewed"),
    QueueStatus.ALL: ("全部", "All"),
}
ORDER_WORDS: dict[QueueOrder, Words] = {
    QueueOrder.RISK: ("按风险从高到低", "Highest risk first"),
    QueueOrder.NEWEST: ("按时间从新到旧", "Newest first"),
    QueueOrder.LONGEST: ("按时长从长到短", "Longest first"),
}
SEVERITY_WORDS: dict[Severity, Words] = {
    Severity.CRITICAL: ("严重", "Critical"),
    Severity.ALERT: ("警示", "Alert"),
    Severity.MINOR: ("轻微", "Minor"),
}
CLASS_WORDS: dict[ErrorClass, Words] = {
    ErrorClass.COMPLIANCE_CRITICAL: ("合规关键", "Compliance-critical"),
    ErrorClass.CUSTOMER_CRITICAL: ("顾客关键", "Customer-critical"),
    ErrorClass.BUSINESS_CRITICAL: ("业务关键", "Business-critical"),
    ErrorClass.NON_CRITICAL: ("非关键", "Non-critical"),
    ErrorClass.ALERT: ("风险提示", "Risk"),
}
"""Short, for a button."""
FILTER_WORDS: dict[str, Words] = {
    "date": ("日期", "Date"),
    "status": ("状态", "Status"),
    "rule": ("规则", "Rule"),
    "class": ("类别", "Class"),
    "team": ("班组", "Team"),
    "agent": ("坐席", "Agent"),
    "who": ("复核人", "Reviewer"),
}
"""Filter → its name, in the order in which they stand."""
FILTER_KEYS = {"date": "d", "status": "s", "rule": "r", "class": "c", "team": "t", "agent": "a", "who": "w"}
DIRECTION_WORDS: dict[str, Words] = {"inbound": ("呼入", "Inbound"), "outbound": ("呼出", "Outbound")}
TODAY: Words = ("今天", "Today")
YESTERDAY: Words = ("昨天", "Yesterday")
NOBODY: Words = ("未分配", "Unassigned")
ME: Words = ("我", "Me")
FINISHED_TODAY: Words = ("今日完成", "Done today")
