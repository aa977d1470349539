"""Model cards: what a person should know before trusting a model, as text."""

from models.artifact import Artifact
from models.recipe import Task

WHAT = {
    Task.SENTIMENT: (
        "客户每一句话的情绪:负面、中性、正面",
        "What the customer feels in a turn, at whomever: negative, neutral or positive.",
    ),
    Task.DISSATISFIED: (
        "整通电话:客户挂断时会不会觉得服务差",
        "Of a call: would the customer, hanging up, call this a bad service?",
    ),
    Task.ESCALATION: (
        "整通电话:投诉、监管、媒体、律师、找领导——已发生或有风险",
        "Of a call: complaint, regulator, media, lawyer or supervisor, threatened or in progress.",
    ),
}
LIMITS = {
    Task.SENTIMENT: (
        "Reads one turn without what came before it. Polite fury and irony are found only where their wording has been"
        " seen; grief counts as negative though nobody is to blame.",
    ),
    Task.DISSATISFIED: (
        "Learnt from written dialogues of one author, denser in trouble than any night. On public posts and other"
        " strict judges it ranks well but calls too much dissatisfied: train it on the site's own reviews before"
        " probabilities are read as rates.",
    ),
    Task.ESCALATION: (
        "Learnt from few examples. A lawyer by profession or a complaint about others may be taken for a threat; a calm"
        " “I know where to go with this” may be missed. Rules find the outright words more surely.",
    ),
}
EVERY = (
    "Chinese only; English, digits and very short texts are abstained on.",
    "Written dialogues have the punctuation and spelling that speech recognition lacks.",
    "A tool to choose what people should hear, not to judge an agent by.",
)


def card_text(artifact: Artifact, *, shipped: bool) -> str:
    """The card of a model, Chinese heading first."""
    card, figures = artifact.card, artifact.card.figures
    zh, en = WHAT.get(Task(card.task), (card.task, card.task)) if card.task in list(Task) else (card.task, "")
    origin = "随 earmark 发布 ships with earmark" if shipped else "本单位训练 trained by the site"
    on_top = f"starts from the shipped model {artifact.base[:12]}" if artifact.base else "from scratch"
    limits = LIMITS[Task(card.task)] if card.task in list(Task) else ()
    lines = [
        f"{card.task} · {zh}",
        en,
        "",
        f"模型 model       {artifact.digest[:12]} · {origin} · {card.trained_on} · {on_top}",
        f"许可 licence     {card.licence}",
        "数据 data",
        *[f"  {line}" for line in card.data],
        "交叉验证 cross-validated, split by call",
        f"  n {figures.n}, positives {figures.positives}",
        f"  AUC {_rate(figures.auc)}, average precision {_rate(figures.average_precision)}",
        f"  precision {_rate(figures.precision)}, recall {_rate(figures.recall)} at {artifact.threshold:.3f}",
        f"  Brier {_rate(figures.brier)}, expected calibration error {_rate(figures.ece)}",
        f"阈值 threshold   {artifact.threshold:.3f}, chosen for {card.threshold_rule}",
        "局限 limits",
        *[f"  - {limit}" for limit in (*limits, *EVERY)],
    ]
    return "\n".join(lines) + "\n"


def _rate(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"
