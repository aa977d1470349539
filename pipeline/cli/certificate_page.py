"""The certificate of an erasure as a page to print and sign."""

from collections.abc import Mapping
from html import escape
from typing import Any

from pipeline.domain.retention import DataClass

_STYLE = """
body{font:14px/1.6 "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
body{max-width:48rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}.en{color:#595959}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;border-bottom:1px solid #ccc;padding:.25rem .6rem .25rem 0;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.85em;overflow-wrap:anywhere}
.sign{display:flex;gap:3rem;margin-top:3rem}.sign div{flex:1;border-top:1px solid #1c1c1c;padding-top:.3rem}
@media print{body{margin:0;max-width:none}tr{break-inside:avoid}}
"""
TABLES = {
    "files": ("录音文件", "recording files"),
    "waveforms": ("波形", "outlines"),
    "originals": ("加密原文", "encrypted originals"),
    "transcripts": ("转写", "transcripts"),
    "search_documents": ("搜索索引", "search entries"),
    "evidence": ("证据", "pieces of evidence"),
    "rule_results": ("规则结果", "rule results"),
    "predictions": ("预测", "predictions"),
    "evaluations": ("质检汇总", "evaluations"),
    "review_items": ("复核队列", "queue entries"),
    "picks": ("抽样", "sampling picks"),
    "alerts": ("告警", "alerts"),
    "reviews": ("复核文字（已清空）", "reviews, words blanked"),
    "appeals": ("申诉文字（已清空）", "appeals, words blanked"),
    "calibration_calls": ("校准通话", "calls of calibrations"),
    "calibration_entries": ("校准意见", "what was said in calibrations"),
    "calibration_gold": ("校准标准答案", "gold of calibrations"),
    "recordings": ("通话资料（已清空）", "call details, blanked"),
}


def certificate_page(content: Mapping[str, Any]) -> str:
    """The certificate as HTML that needs nothing beside it."""
    parts = [
        "<!doctype html><html lang='zh'><meta charset='utf-8'><title>个人信息抹去证明</title>",
        f"<style>{_STYLE}</style>",
        "<h1>个人信息抹去证明</h1><p class='en'>Certificate of erasure</p>",
        _facts(content),
        "<h2>已抹去 <span class='en'>Erased</span></h2>",
        _totals(content["totals"]),
        _recordings(content["erased"]),
        "<h2>依法保留或未能抹去 <span class='en'>What stays, and why</span></h2>",
        _stays(content),
        f"<h2>校验 <span class='en'>Checksum</span></h2><p><code>SHA-256 {escape(str(content['sha256']))}</code></p>",
        "<div class='sign'><div>个人信息保护负责人 <span class='en'>Data protection officer</span></div>"
        "<div>日期 <span class='en'>Date</span></div></div></html>",
    ]
    return "\n".join(parts)


def _facts(content: Mapping[str, Any]) -> str:
    rows = (
        ("编号", "Number", content["certificate"]),
        ("开始", "Begun", content["begun_at"]),
        ("出具", "Issued", content["issued_at"]),
        ("经办", "By", content["by"]),
    )
    cells = (
        f"<tr><th>{zh} <span class='en'>{en}</span></th><td>{escape(str(value))}</td></tr>" for zh, en, value in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _totals(totals: Mapping[str, Mapping[str, int]]) -> str:
    rows = []
    for data_class in DataClass:
        for table, count in totals.get(data_class.value, {}).items():
            zh, en = TABLES.get(table, (table, table))
            name = f"{data_class.zh} <span class='en'>{data_class.value}</span>"
            rows.append(f"<tr><td>{name}</td><td>{zh} <span class='en'>{en}</span></td><td class='n'>{count}</td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _recordings(erased: Mapping[str, object]) -> str:
    ids = "".join(f"<li><code>{escape(one)}</code></li>" for one in erased)
    told = "录音（以文件内容的 SHA-256 表示）<span class='en'>Recordings, by the SHA-256 of what was in the file</span>"
    return f"<p>{told}: {len(erased)}</p><ol>{ids}</ol>"


def _stays(content: Mapping[str, Any]) -> str:
    rows = [
        *(
            (f"<code>{escape(one[:12])}</code>", f"法律保留第 {hold} 号", f"legal hold {hold}")
            for one, hold in content["held"].items()
        ),
        *(
            (
                f"<code>{escape(one[:12])}</code>",
                "文件未能删除，或后来加了保留，尚未完成",
                "not finished: a file stays, or a hold came",
            )
            for one in content["unfinished"]
        ),
        (
            f"复核结论 <span class='en'>verdicts</span> {content['kept_verdicts']}",
            "只留结论和分数，文字已清空；统计用",
            "verdicts and scores alone, their words blanked: figures rest on them",
        ),
        (
            f"操作日志 <span class='en'>audit entries</span> {content['kept_audit_entries']}",
            "谁在何时看过、听过，须可追查；不含通话内容",
            "who saw and heard it and when has to be accounted for; it holds nothing of the call",
        ),
        (
            "录音编号 <span class='en'>ids of the recordings</span>",
            "防止再次处理",
            "so that the recordings are refused if they turn up again",
        ),
        (
            "备份与已导出的文件 <span class='en'>backups and files exported earlier</span>",
            "系统够不到，请另行处理",
            "out of this system's reach: see to them separately",
        ),
    ]
    if content["originals_not_opened"]:
        told = f"{content['originals_not_opened']} 通原文打不开，未查"
        rows.append(("密钥遗失 <span class='en'>key lost</span>", told, "originals that could not be searched"))
    cells = (f"<tr><td>{what}</td><td>{zh}<br><span class='en'>{en}</span></td></tr>" for what, zh, en in rows)
    return f"<table>{''.join(cells)}</table>"
