"""`earmark watch` with workers that read orders instead of listening: its runs can be killed in a test of seconds.

Arguments: folder, database URL, webhook URL, diary.
"""

import sys
from dataclasses import replace
from pathlib import Path

from pipeline.batch import alerts
from pipeline.batch.arrivals import Arrivals
from pipeline.batch.executors.local import LocalExecutor
from pipeline.batch.observing import LoggedLoad, ObservingOptions, observed
from pipeline.batch.runner import Runner, RunOptions
from pipeline.batch.watching import arriving
from pipeline.batch.webhook import Webhook
from pipeline.cli.observing import Quiet
from pipeline.domain.alerts import Alerting
from pipeline.logs import LogOptions, set_up_logs
from pipeline.store.database import open_database
from tests.batch.workers import Reader
from tests.operations.receiver import SECRET
from tests.store.builders import run as describe_run


def main(folder, url, webhook, diary, run_id):
    alerts.FIRST_PAUSE_S, alerts.LONGEST_PAUSE_S, alerts.LOOK_S = 0.1, 0.5, 0.5
    logs = LogOptions("json", "info")
    set_up_logs(logs)
    database = open_database(url, create=True)
    run = replace(describe_run(run_id), alerting=Alerting(frozenset({"critical"})))
    observing = ObservingOptions(logs, webhook=Webhook(webhook, SECRET, timeout_s=1.0))
    executor = LocalExecutor(LoggedLoad(Reader(diary), logs, run.id), cores=1)
    options = RunOptions(workers=1, decode_limit_s=5.0)
    with observed(run, database, Quiet(), observing) as progress:
        runner = Runner(database, run, executor, options=options, progress=progress)
        runner.run_intake(arriving(database, Arrivals([Path(folder)], settle_s=0.5)))


if __name__ == "__main__":
    main(*sys.argv[1:])
