"""Running the real command in a process of its own, as its users do."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "data" / "samples"
EARMARK = [sys.executable, "-c", "from pipeline.cli import main; main()"]

RESULTS = {
    "recordings": "id, name, duration_s, sample_rate_hz, channel_count, codec, agent, team",
    "ledger": "recording_id, state, reason, message",
    "transcripts": "recording_id, asr_digest, language, duration_s, characters, turns, signals",
    "evaluations": "recording_id, critical, alert, minor, not_evaluable, errors",
    "rule_results": "recording_id, rule_id, outcome, severity, explanation_zh, explanation_en",
    "evidence": "recording_id, rule_id, position, turn, char_start, char_end, start_s, end_s, quote, confidence",
}
"""What two runs over the same recordings must agree on: all but run ids and times."""


def environment(folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")}
    return {**kept, "COLUMNS": "160", "EARMARK_DB": f"sqlite:///{folder / 'calls.db'}"}


def start(folder, *arguments):
    return subprocess.Popen(
        [*EARMARK, *map(str, arguments)],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def earmark(folder, *arguments):
    """Exit code, standard output and standard error of the command, with its database in ``folder``."""
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=600)
    return process.returncode, out, err


def rows(folder, *arguments):
    code, out, err = earmark(folder, *arguments, "--format", "json")
    assert code == 0, err
    return json.loads(out)


def copy_samples(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*names, "manifest.csv"):
        shutil.copy(SAMPLES / name, folder)
    lines = (folder / "manifest.csv").read_text().splitlines()
    (folder / "manifest.csv").write_text("\n".join([lines[0], *(line for line in lines if line.startswith(names))]))
    return folder


def results(folder):
    """Everything that runs have found, in a form that can be compared."""
    connection = sqlite3.connect(folder / "calls.db")
    try:
        return {name: sorted(connection.execute(f"SELECT {columns} FROM {name}")) for name, columns in RESULTS.items()}
    finally:
        connection.close()
