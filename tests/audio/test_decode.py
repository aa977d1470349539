"""Every format decodes with its channels apart; everything that is not a whole recording is refused."""

import os
import pickle
import struct
import time
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio.decode import SAMPLE_RATE_HZ, decode_recording
from pipeline.domain.errors import AudioError, AudioFault
from tests.audio.recordings import FIXTURES, FORMATS, REPOSITORY, SAMPLES, Format, tones, write

WAV = FORMATS["wav µ-law"]
REAL = REPOSITORY.parent / "shared" / "data" / "real" / "audio_formats"


def loudest_hz(channel) -> float:
    """The loudest frequency of the middle of a recording."""
    middle = channel[SAMPLE_RATE_HZ // 2 : SAMPLE_RATE_HZ * 3 // 2]
    return float(np.argmax(np.abs(np.fft.rfft(middle)))) * SAMPLE_RATE_HZ / len(middle)


def wav_header(data_bytes: int, *, rate_hz: int = 8000, channels: int = 1) -> bytes:
    """The head of a 16-bit PCM WAV file that promises ``data_bytes`` of sound."""
    layout = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * 2 * channels, 2 * channels, 16)
    head = b"RIFF" + struct.pack("<I", (36 + data_bytes) % 2**32) + b"WAVEfmt " + struct.pack("<I", 16) + layout
    return head + b"data" + struct.pack("<I", data_bytes)


def noise(seconds: float, *, rate_hz: int = 8000, channels: int = 1) -> bytes:
    """16-bit PCM that is not silent."""
    count = int(seconds * rate_hz) * channels
    return np.random.default_rng(0).integers(-3000, 3000, count, np.int16).tobytes()


def half(name: str) -> bytes:
    whole = (SAMPLES / name).read_bytes()
    return whole[: len(whole) // 2]


def hole(name: str, size: int) -> bytes:
    whole = (SAMPLES / name).read_bytes()
    middle = len(whole) // 2
    return whole[:middle] + bytes(size) + whole[middle + size :]


BAD = {
    "no bytes": (b"", AudioFault.EMPTY, "0 bytes"),
    "header without sound": (wav_header(0), AudioFault.EMPTY, "no sound"),
    "text": (b"call 1: hello\n" * 50, AudioFault.NOT_AUDIO, "not audio"),
    "random bytes": (np.random.default_rng(1).bytes(20_000), AudioFault.NOT_AUDIO, "not audio"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(500), AudioFault.NOT_AUDIO, "not audio"),
    "playlist of other files": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", AudioFault.NOT_AUDIO, "not audio"),
    "list of other files": (b"ffconcat version 1.0\nfile '/etc/passwd'\n", AudioFault.NOT_AUDIO, "not audio"),
    "header cut": (wav_header(16_000)[:30], AudioFault.TRUNCATED, "cut off or damaged"),
    "header alone": (wav_header(16_000), AudioFault.EMPTY, "no sound"),
    "half a WAV": (half("s01.wav"), AudioFault.TRUNCATED, "28.0 s of 56.1 s are missing"),
    "half a µ-law WAV": (half("s02.wav"), AudioFault.TRUNCATED, "14.7 s of 29.4 s are missing"),
    "half an MP3": (half("s03.mp3"), AudioFault.TRUNCATED, "18.4 s of 36.6 s are missing"),
    "half an Opus": (half("s05.opus"), AudioFault.TRUNCATED, "ends in the middle after 19.0 s"),
    "MP3 with a hole": (hole("s03.mp3", 8000), AudioFault.TRUNCATED, "are missing"),
    "Opus with a hole": (hole("s05.opus", 8000), AudioFault.DAMAGED, "damaged in the middle"),
    "digital silence": (wav_header(32_000) + bytes(32_000), AudioFault.SILENT, "silent throughout"),
    "a constant": (wav_header(32_000) + b"\x00\x20" * 16_000, AudioFault.SILENT, "silent throughout"),
    "a click in silence": (
        wav_header(32_000) + bytes(16_000) + b"\xff\x7f" * 8 + bytes(15_984),
        AudioFault.SILENT,
        "silent throughout",
    ),
    "three channels": (wav_header(48_000, channels=3) + noise(1, channels=3), AudioFault.UNSUPPORTED, "3 channels"),
    "3 kHz": (wav_header(6000, rate_hz=3000) + noise(1, rate_hz=3000), AudioFault.UNSUPPORTED, "3000 Hz"),
    "a hundred hours": (wav_header(32_000, rate_hz=8000) + noise(2), AudioFault.TOO_LONG, "split it"),
}


@pytest.mark.parametrize(("content", "fault", "says"), BAD.values(), ids=BAD.keys())
def test_bad_file_is_refused(tmp_path, capfd, content, fault, says):
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    limit_s = 1.0 if fault is AudioFault.TOO_LONG else 3600.0
    with pytest.raises(AudioError, match=r"call\.wav") as caught:
        decode_recording(path, max_duration_s=limit_s)
    assert caught.value.fault is fault
    assert says in str(caught.value)
    assert capfd.readouterr() == ("", "")  # FFmpeg does not write past us


@pytest.mark.parametrize("name", ["m4a", "webm", "flac", "wav 24-bit 24 kHz"])
def test_half_of_a_file_that_promises_its_length_is_refused(tmp_path, name):
    form = FORMATS[name]
    path = write(tmp_path / f"call.{form.suffix}", tones(form, 8.0), form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioError) as caught:
        decode_recording(path)
    assert caught.value.fault in (AudioFault.TRUNCATED, AudioFault.DAMAGED)


@pytest.mark.parametrize("name", ["amr-nb", "aac"])
def test_file_cut_inside_a_frame_is_decoded_with_a_warning(tmp_path, name):
    form = FORMATS[name]
    path = write(tmp_path / f"call.{form.suffix}", tones(form), form)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 3])
    audio = decode_recording(path)
    assert 0.8 < audio.format.duration_s < 1.2
    assert any("the end may be missing" in warning for warning in audio.warnings)


@pytest.mark.parametrize("size", [0, 0xFFFF_FFFF, 0x7FFF_FFFF], ids=["none", "32 bits", "31 bits"])
def test_header_that_was_never_finished_is_decoded_with_a_warning(tmp_path, size):
    path = tmp_path / "call.wav"
    path.write_bytes(wav_header(size) + noise(2))
    audio = decode_recording(path)
    assert audio.format.duration_s == 2.0
    assert audio.warnings == ("the recorder never finished the file: its end may be missing",)


def test_header_that_promises_a_little_more_is_whole(tmp_path):
    path = tmp_path / "call.wav"
    path.write_bytes(wav_header(32_000 + 6_000) + noise(2))  # 6,000 bytes: 0.375 s
    assert decode_recording(path).format.duration_s == 2.0


def test_missing_folder_and_forbidden_files_are_unreadable(tmp_path):
    forbidden = tmp_path / "forbidden.wav"
    forbidden.write_bytes(wav_header(32_000) + noise(2))
    forbidden.chmod(0)
    paths = [tmp_path / "missing.wav", tmp_path]
    paths += [] if os.access(forbidden, os.R_OK) else [forbidden]  # root may read everything
    for path in paths:
        with pytest.raises(AudioError, match=path.name) as caught:
            decode_recording(path)
        assert caught.value.fault is AudioFault.UNREADABLE


def test_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    os.mkfifo(tmp_path / "call.wav")
    with pytest.raises(AudioError, match="not a regular file"):
        decode_recording(tmp_path / "call.wav")


def test_film_without_sound_is_refused(tmp_path):
    import av

    path = tmp_path / "call.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        for index in range(5):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 40 * index, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match="only video") as caught:
        decode_recording(path)
    assert caught.value.fault is AudioFault.NO_AUDIO_STREAM


def test_day_long_file_is_refused_before_decoding(tmp_path):
    path = tmp_path / "call.wav"
    size = 2 * 8000 * 24 * 3600
    path.write_bytes(wav_header(size) + noise(2))
    os.truncate(path, 44 + size)  # sparse: takes no room, but would take half a minute to decode
    begin_s = time.process_time()
    with pytest.raises(AudioError, match="over 4 h") as caught:
        decode_recording(path)
    assert caught.value.fault is AudioFault.TOO_LONG
    assert time.process_time() - begin_s < 2.0


def test_length_without_header_is_limited_while_decoding(tmp_path):
    form = FORMATS["amr-nb"]
    path = write(tmp_path / "call.amr", tones(form, 3.0), form)
    with pytest.raises(AudioError) as caught:
        decode_recording(path, max_duration_s=2.0)
    assert caught.value.fault is AudioFault.TOO_LONG


def test_fault_survives_the_way_between_processes(tmp_path):
    with pytest.raises(AudioError) as caught:
        decode_recording(tmp_path / "missing.wav")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.fault) == (str(caught.value), AudioFault.UNREADABLE)


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS.keys())
def test_format_decodes_with_channels_apart(tmp_path, form):
    audio = decode_recording(write(tmp_path / f"call.{form.suffix}", tones(form), form))
    assert audio.format.sample_rate_hz == form.rate_hz
    assert audio.format.channel_count == form.channels
    assert audio.format.duration_s == pytest.approx(2.0, abs=0.12)  # AAC and AMR pad to whole frames
    assert audio.warnings == ()
    assert audio.channels.dtype == np.float32
    assert audio.channels.shape == (form.channels, pytest.approx(audio.format.duration_s * SAMPLE_RATE_HZ, abs=1))
    assert [loudest_hz(channel) for channel in audio.channels] == [440.0, 1000.0][: form.channels]
    levels = [float(np.sqrt(np.square(channel[8000:24000]).mean())) for channel in audio.channels]
    assert levels == pytest.approx([0.3 / np.sqrt(2)] * form.channels, rel=0.25)  # AMR is no codec for tones


FIXTURE_CODECS = {"speech.gsm": "gsm", "speech-msgsm.wav": "gsm_ms", "speech-amrwb.amr": "amrwb"}


@pytest.mark.parametrize(("name", "codec"), FIXTURE_CODECS.items(), ids=FIXTURE_CODECS.values())
def test_telephone_codec_without_an_encoder_decodes(name, codec):
    """The fixtures hold 1.3–3.3 s of s02.wav, left channel."""
    audio = decode_recording(FIXTURES / name)
    assert (audio.format.codec, audio.format.channel_count) == (codec, 1)
    assert audio.format.duration_s == pytest.approx(2.0, abs=0.03)
    original = decode_recording(SAMPLES / "s02.wav").channels[0][int(1.3 * SAMPLE_RATE_HZ) :][:32_000]
    size = 1 << 17
    product = np.fft.irfft(np.fft.rfft(audio.channels[0], size) * np.conj(np.fft.rfft(original, size)), size)
    energy = np.square(audio.channels[0]).sum() * np.square(original).sum()
    assert product.max() / np.sqrt(energy) > 0.9  # the same speech, whatever the codec's delay


@pytest.mark.skipif(not REAL.is_dir(), reason=f"format samples are not on this machine ({REAL.name})")
def test_real_recordings_decode():
    durations = {path.name: decode_recording(path).format.duration_s for path in sorted(REAL.iterdir())}
    assert min(durations.values()) > 0.9


def wav_of(path: Path, left, right) -> Path:
    return write(path, np.stack([left, right]), Format("wav", "pcm_s16le", 8000))


def test_dead_channel_is_a_call_in_which_one_side_never_spoke(tmp_path):
    tone = tones(WAV)[0]
    audio = decode_recording(wav_of(tmp_path / "call.wav", tone, np.zeros_like(tone)))
    assert audio.channels.shape[0] == 2
    assert audio.warnings == ("channel 1 is silent throughout",)


@pytest.mark.parametrize(
    ("gain", "noise_level", "same"),
    [
        pytest.param(1.0, 0.0, True, id="identical"),
        pytest.param(0.6, 0.0, True, id="4 dB fainter"),
        pytest.param(1.0, 0.01, True, id="with noise 30 dB below"),
        pytest.param(0.1, 0.0, False, id="20 dB fainter: a leak"),
        pytest.param(1.0, 0.06, False, id="with noise 10 dB below"),
        pytest.param(-1.0, 0.0, False, id="turned over: no mix does that"),
    ],
)
def test_same_sound_twice_is_mono(tmp_path, gain, noise_level, same):
    left = np.random.default_rng(2).normal(0, 0.2, 16_000)
    right = gain * left + np.random.default_rng(3).normal(0, noise_level, 16_000)
    audio = decode_recording(wav_of(tmp_path / "call.wav", left, right))
    assert audio.same_sound_twice is same
    assert audio.channels.shape[0] == (1 if same else 2)
    assert audio.format.channel_count == 2
    assert bool(audio.warnings) is same


def test_constant_offset_is_taken_off(tmp_path):
    tone = tones(WAV)
    audio = decode_recording(wav_of(tmp_path / "call.wav", tone[0] + 0.2, tone[1] - 0.1))
    assert np.abs(audio.channels.mean(axis=1)).max() < 1e-3
    assert [loudest_hz(channel) for channel in audio.channels] == [440.0, 1000.0]


def test_samples_beyond_full_scale_and_no_numbers_are_bounded(tmp_path):
    form = Format("wav", "pcm_f32le", 16_000, channels=1)
    sound = tones(form) * 10
    sound[0, 5000:5010] = np.nan
    sound[0, 6000] = np.inf
    audio = decode_recording(write(tmp_path / "call.wav", sound, form))
    assert np.isfinite(audio.channels).all()
    assert np.abs(audio.channels).max() <= 1.0


@pytest.mark.parametrize(
    "name", ["录音 1.wav", "%03d.wav", "http:.wav", "wrong.mp3", "no suffix", b"\xd6\xd0.wav"], ids=repr
)
def test_name_does_not_matter(tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    path.write_bytes(wav_header(32_000) + noise(2))
    assert decode_recording(path).format.duration_s == 2.0
