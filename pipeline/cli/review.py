"""`earmark review`: the desk where flagged calls are heard and judged."""

from typing import Annotated

import typer

from pipeline.cli.apply import RulesOption, SiteModelsOption
from pipeline.cli.observing import MetricsPortOption
from pipeline.cli.originals import keys_of, say_what_is_unmasked
from pipeline.cli.output import DbOption, message

app = typer.Typer(help="The review desk, in the browser. 复核台", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The review desk, in the browser. 复核台"""


@app.command("serve")
def serve(
    db: DbOption = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = 8765,
    rules: RulesOption = None,
    models: SiteModelsOption = None,
    metrics_port: MetricsPortOption = None,
) -> None:
    """Serve the pages until Ctrl-C. 启动复核台"""
    from pipeline.batch.metrics import MetricsServer
    from pipeline.batch.rule_set import load_rules
    from pipeline.cli.review_reports import desk_reports
    from pipeline.logs import set_up_logs
    from pipeline.review import serve as serving
    from pipeline.review.app import Desk
    from pipeline.review.request_metrics import RequestMetrics
    from pipeline.settings import load_settings
    from pipeline.store.accounts import count_active
    from pipeline.store.database import open_database

    chosen = tuple(rules) if rules else None
    settings = load_settings(db=db, rules=chosen, models=models, review_metrics_port=metrics_port)
    set_up_logs(settings.log_options)
    database = open_database(settings.db, busy_timeout_s=serving.BUSY_TIMEOUT_S)
    desk_settings = serving.review_settings(settings, database, host=host)
    pack = load_rules(settings.rules)
    listener = serving.listen(host, port)
    metrics = RequestMetrics() if settings.review_metrics_port else None
    counting = None
    if metrics is not None:
        counting = MetricsServer(metrics.registry, host=settings.metrics_host, port=settings.review_metrics_port or 0)
    shown = f"[{host}]" if ":" in host else host
    message(f"复核台 · review desk: http://{shown}:{listener.getsockname()[1]}  (Ctrl-C ends it)")
    if desk_settings.secure_cookies:
        message("Let people in through a reverse proxy with TLS: the session is sent over HTTPS alone.")
    if count_active(database) == 0:
        message("There is no account yet. In another terminal: earmark users add LOGIN --role reviewer")
    if settings.review_secret is None:
        message("No review_secret is set: everyone has to log in again when this is started anew.")
    serving.make_searchable(database)
    say_what_is_unmasked(database)
    trust = settings.calibration_level, settings.calibration_days
    reports = desk_reports(database, settings.timezone, settings.desk_url, trust=trust)
    desk = Desk(database, pack, desk_settings, settings.models, reports, keys_of(settings))
    serving.serve(desk, listener, settings, metrics=metrics)
    if counting is not None:
        counting.close()
    database.close()
