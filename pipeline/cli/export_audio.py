"""`earmark export audio`: a recording with a tone over what is masked, for training."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.lists import open_stored
from pipeline.cli.output import DbOption, message

if TYPE_CHECKING:
    from pipeline.audio.masking import SoundMask
    from pipeline.domain.calls import Recording


def audio(
    call: Annotated[str, typer.Argument(help="File name, path, or the start of an id.", metavar="CALL")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.wav", help="Where to write.")],
    db: DbOption = None,
) -> None:
    """Write a recording as WAV with a tone over personal data, and FILE.json with the times of it. 导出屏蔽后的录音"""
    from pipeline.cli.originals import find_call, keys_of
    from pipeline.domain.errors import ConfigError
    from pipeline.privacy.places import with_path
    from pipeline.review.listening import mask_of
    from pipeline.settings import load_settings
    from pipeline.store.call_recording import find_by_id

    if out.suffix.lower() != ".wav":
        raise ConfigError(f"--out {out}: the copy is a WAV, so name it FILE.wav")
    database = open_stored(db)
    recording = find_by_id(database, find_call(database, call))
    assert recording is not None
    recording = with_path(keys_of(load_settings()), recording)
    mask = mask_of(database, recording.id)
    if mask is None:
        raise ConfigError(
            f"{recording.id[:12]}: nobody knows where it holds personal data (no masked transcript, or one without"
            " times), so no copy is written: run `earmark privacy protect`, or transcribe it first"
        )
    duration_s, masked_s = _write(recording, mask, out)
    message(
        f"已写入 {out}：{duration_s:.1f} 秒，屏蔽 {masked_s:.1f} 秒。"
        f"written: {duration_s:.1f} s, of which {masked_s:.1f} s are a tone"
    )


def _write(recording: "Recording", mask: "SoundMask", out: Path) -> tuple[float, float]:
    """Writes both files; each takes its name only when it is whole. Returns seconds in all, and seconds masked."""
    import wave

    from pipeline.audio.remote import local_file
    from pipeline.audio.transcode import write_wav
    from pipeline.domain.errors import ConfigError

    half, half_list = (out.with_name(f".{out.name}.part{end}") for end in ("", ".json"))
    try:
        with local_file(recording.uri) as file:
            if file.stat().st_size != recording.size_bytes:
                raise ConfigError(f"the file of {recording.id[:12]} holds something else now")
            write_wav(file, half, mask)
        with wave.open(str(half)) as made:
            duration_s = made.getnframes() / made.getframerate()
        spans = [{"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3)} for span in mask.within(duration_s)]
        listed = {"recording": recording.id, "duration_s": round(duration_s, 3), "masked": spans}
        half_list.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
        half_list.replace(out.with_suffix(".json"))
        half.replace(out)
    except OSError as error:
        raise ConfigError(f"{recording.id[:12]} cannot be copied to {out}: {error.strerror or error}") from error
    finally:
        half.unlink(missing_ok=True)
        half_list.unlink(missing_ok=True)
    return duration_s, mask.masked_s(duration_s)
