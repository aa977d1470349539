"""What people write in an afternoon: faster-whisper over each channel of each file, the texts into one JSON file.

    python speed_plain.py MODEL OUT.json [--batched] [--words] [--processes N] [--threads N] FILE…

Nothing of earmark is in it. ``benchmarks/speed.py`` runs it as a contender; it works alone as well.
"""

import argparse
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from faster_whisper import BatchedInferencePipeline, WhisperModel
from faster_whisper.audio import decode_audio

loaded: list[tuple[argparse.Namespace, Any]] = []


def load(chosen: argparse.Namespace) -> None:
    """The model, once a process."""
    model = WhisperModel(chosen.model, device="cpu", compute_type="int8", cpu_threads=chosen.threads)
    loaded.append((chosen, BatchedInferencePipeline(model) if chosen.batched else model))


def transcribe(file: str) -> list[str]:
    """The text of each channel."""
    chosen, model = loaded[0]
    options = {"batch_size": 8, "beam_size": 1, "word_timestamps": chosen.words} if chosen.batched else {}
    texts = []
    for channel in decode_audio(file, split_stereo=True):
        segments, _ = model.transcribe(channel, language="zh", **options)
        texts.append("".join(segment.text for segment in segments))
    return texts


def main() -> None:
    """Transcribe, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--batched", action="store_true")
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    files = sorted(chosen.files, key=lambda file: -Path(file).stat().st_size)
    if chosen.processes == 1:
        load(chosen)
        texts = [transcribe(file) for file in files]
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(chosen.processes, context, initializer=load, initargs=(chosen,)) as pool:
            # A moment for each process to start: a run over two short files then loads as many models as a long one.
            list(pool.map(time.sleep, [0.2] * chosen.processes))
            texts = list(pool.map(transcribe, files))
    chosen.out.write_text(json.dumps({Path(file).name: text for file, text in zip(files, texts, strict=True)}))


if __name__ == "__main__":
    main()
