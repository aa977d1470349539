"""`earmark rules watch`: check, test and weigh again on every save."""

import json
import signal
import sys
from datetime import datetime
from functools import partial
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

from pipeline.cli.apply import RulesOption
from pipeline.cli.output import Format, FormatOption, message
from pipeline.cli.rule_choice import LabelsOption, pack_folders, site_predictions
from pipeline.domain.personal import shown

if TYPE_CHECKING:
    from pipeline.evaluation.rule_quality import Counts
    from pipeline.evaluation.watching import RuleUpdate, Update


def watch(labels: LabelsOption, rules: RulesOption = None, form: FormatOption = Format.TABLE) -> None:
    """Check, test and weigh the rules again on every save; Ctrl-C ends it. 边改边看"""
    from pipeline.evaluation.labelled import read_labelled
    from pipeline.evaluation.watching import Workbench, saves

    folders = pack_folders(rules)
    calls = read_labelled(labels)
    bench = Workbench(folders, calls, predict=site_predictions())
    ended = Event()
    signal.signal(signal.SIGINT, partial(_end, ended))
    try:
        saved = saves(folders, ended=ended)
        _print_update(bench.update(), form, is_first=True)
        message(f"watching {', '.join(map(str, folders))} on {len(calls)} labelled calls; Ctrl-C ends it")
        for _ in saved:
            update = bench.update()
            if update.files:
                _print_update(update, form)
    except KeyboardInterrupt:
        message("")


def _end(ended: Event, _signal: int, _frame: FrameType | None) -> None:
    # An exception that is raised while an object is collected is lost: the watch ends all the same.
    ended.set()
    raise KeyboardInterrupt


def _print_update(update: "Update", form: Format, *, is_first: bool = False) -> None:
    from pipeline.cli.watch_view import print_start, print_update

    if form != Format.TABLE:
        sys.stdout.write(shown(json.dumps(_data(update), ensure_ascii=False)) + "\n")
    elif is_first:
        print_start(update)
    else:
        print_update(update, datetime.now().astimezone())
    sys.stdout.flush()


def _data(update: "Update") -> dict[str, object]:
    return {
        "files": list(update.files),
        "errors": [f"{problem.place}: {problem.message}" for problem in update.problems],
        "warnings": [f"{finding.place}: {finding.kind}: {finding.what.en}" for finding in update.findings],
        "examples": len(update.examples),
        "failures": [f"{ran.place}: {ran.result.problem}" for ran in update.examples if not ran.holds],
        "rules": {one.rule: _rule_data(one) for one in update.rules},
        "pooled": _rates(update.pooled),
        "seconds": round(update.seconds, 3),
    }


def _rule_data(one: "RuleUpdate") -> dict[str, object]:
    return {
        "edit": one.edit.value,
        "before": _rates(one.before),
        "after": _rates(one.after),
        "turned": [
            {"recording": turned.case.call.recording, "before": turned.before.value, "after": turned.case.kind.value}
            for turned in one.turned
        ],
    }


def _rates(counts: "Counts") -> dict[str, object]:
    names = ("tp", "fp", "fn", "tn", "not_evaluable", "precision", "recall", "f1")
    return {name: getattr(counts, name) for name in names}
