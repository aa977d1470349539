"""The way of one call, from the recording to what the rules say: one plain function."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.audio import remote
from pipeline.batch.executors.base import Identity, Worker
from pipeline.domain.calls import Recording, Role
from pipeline.domain.errors import AudioError, AudioFault
from pipeline.domain.results import Call, ProcessedCall

if TYPE_CHECKING:
    from pipeline.asr.base import AsrBackend, AsrOptions
    from pipeline.batch.judging import Judge
    from pipeline.privacy.keys import KeyRing
    from rules.rule import RulePack


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """What decides the results of a call besides the call itself."""

    asr: "AsrOptions"
    pack: "RulePack"
    """Loaded once for the run, so that an edit in the middle of the night changes nothing halfway."""
    default_roles: tuple[Role, ...] = ()
    """Roles of the channels where the manifest does not say; empty for unknown."""
    max_duration_s: float = 4 * 3600
    models: Path | None = None
    """Folder of the site's own classifiers; those that earmark ships where it has none."""
    own_numbers: tuple[str, ...] = ()
    """Numbers of the company: nobody's personal data."""
    key_file: Path | None = None
    """Keys that close what is masked, read on the worker's own machine: a key travels nowhere. ``None``: not kept."""


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads models and rules in a worker process."""

    options: ProcessOptions

    def __call__(self) -> "CallProcessor":
        """A worker that is ready. Raises: AsrError, ModelArtifactError, ConfigError."""
        from threadpoolctl import threadpool_limits

        from pipeline.asr.base import open_backend
        from pipeline.batch.judging import Judge
        from pipeline.privacy.keys import read_keys

        keys = read_keys(self.options.key_file) if self.options.key_file else None
        judge = Judge(self.options.pack, self.options.models)
        backend = open_backend(self.options.asr)
        # NumPy would take every core for a product of small matrices, and wait for it on all of them.
        threadpool_limits(self.options.asr.cpu_threads, user_api="blas")
        return CallProcessor(backend, judge, self.options, keys)


class CallProcessor(Worker):
    """Models and rules, loaded once."""

    def __init__(
        self, backend: "AsrBackend", judge: "Judge", options: ProcessOptions, keys: "KeyRing | None" = None
    ) -> None:
        self._backend = backend
        self._judge = judge
        self._options = options
        self._keys = keys
        described = backend.describe()
        self.identity = Identity(
            backend.digest,
            {
                "backend": described.backend,
                "model": described.model,
                "weights_sha256": described.weights_sha256,
                "versions": described.versions,
                **{name: str(value) for name, value in asdict(described.options).items()},
            },
        )

    def process(self, recording: Recording, decoded: Callable[[float], None]) -> ProcessedCall:
        """Decodes, transcribes, measures and checks one recording.

        Args:
            recording: what to process; its ``uri`` is opened.
            decoded: called with the length in seconds as soon as that is known.

        Raises:
            AudioError: nothing that could be judged is in it.
            AsrError: the speech model failed.
        """
        from pipeline.asr.base import ChannelSpeech
        from pipeline.asr.transcribe import transcribe_call
        from pipeline.audio.crosstalk import find_speech
        from pipeline.audio.decode import decode_recording
        from pipeline.audio.signals import measure_signals
        from pipeline.store.documents import round_times

        with _file_of(self._keys, recording) as file:
            audio = decode_recording(file, max_duration_s=self._options.max_duration_s)
            warnings = tuple(_masked_in(warning, str(file)) for warning in audio.warnings)
        decoded(audio.format.duration_s)
        speech = find_speech(audio)
        if not any(speech):
            raise AudioError(
                f"{recording.name}: nobody speaks in it. Listen to it; if someone does, look at the recorder's level",
                fault=AudioFault.SILENT,
            )
        roles = self._roles(recording, len(audio.channels))
        channels = [ChannelSpeech(samples, spans) for samples, spans in zip(audio.channels, speech, strict=True)]
        transcript = round_times(transcribe_call(self._backend, channels, roles, duration_s=audio.format.duration_s))
        signals = measure_signals(transcript, audio=audio, speech=speech, roles=roles)
        findings = self._judge(Call(transcript, recording.metadata, signals))
        return self._masked(recording.id, ProcessedCall(audio.format, transcript, signals, findings, warnings))

    def _masked(self, recording_id: str, call: ProcessedCall) -> ProcessedCall:
        """The call as it may leave the worker: masked, with what was masked closed."""
        from pipeline.privacy.masking import MASKING, mask_call, mask_findings
        from pipeline.privacy.sealing import seal_transcript

        original = call.transcript
        transcript = mask_call(original, own_numbers=self._options.own_numbers)
        return replace(
            call,
            transcript=transcript,
            findings=mask_findings(call.findings, original, transcript),
            original=seal_transcript(self._keys, recording_id, original, transcript) if self._keys else None,
            masking=MASKING,
        )

    def _roles(self, recording: Recording, channel_count: int) -> tuple[Role, ...]:
        if channel_count == 1:
            return (Role.UNKNOWN,)
        given = recording.channel_roles or self._options.default_roles
        return given if len(given) == channel_count else (Role.UNKNOWN,) * channel_count


@contextmanager
def _file_of(keys: "KeyRing | None", recording: Recording) -> Iterator[Path]:
    """The recording's bytes as a file. Errors name it as people may read it.

    Raises:
        AudioError: it cannot be fetched from where it lies, or the key does not open where that is.
    """
    from pipeline.privacy.places import masked_path, with_path
    from pipeline.privacy.sealing import SealError

    try:
        path = with_path(keys, recording).uri
    except SealError as error:
        raise AudioError(f"{recording.name}: {error}", fault=AudioFault.UNREADABLE) from error
    with ExitStack() as stack:
        try:
            file = stack.enter_context(remote.local_file(path))
        except OSError as error:
            why = error.strerror or masked_path(str(error))
            message = f"{recording.name}: cannot be fetched from {masked_path(path)} ({why}): is the store reachable?"
            raise AudioError(message, fault=AudioFault.UNREADABLE) from None
        try:
            yield file
        except AudioError as error:
            message = _masked_in(str(error), path)
            if message == str(error):
                raise
            # Nor is what caused it told: it names the file as well.
            raise AudioError(message, fault=error.fault) from None
        except OSError as error:
            message = _masked_in(str(error), path)
            if message == str(error):
                raise
            raise OSError(message) from None


def _masked_in(message: str, path: str) -> str:
    """A message of the decoder, which names the file that it was given."""
    from pipeline.privacy.places import mask_part, masked_path

    message = message.replace(path, masked_path(path))
    own = path.rstrip("/").rpartition("/")[2]
    return message.replace(own, mask_part(own)) if own else message
