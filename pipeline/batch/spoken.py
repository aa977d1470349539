"""Stored calls as they were spoken, for rules; and what rules say of them, masked again."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.domain.calls import Transcript
from pipeline.domain.personal import is_masked
from pipeline.domain.results import Call, Findings
from pipeline.privacy.keys import KeyRing
from pipeline.privacy.masking import mask_call, mask_findings
from pipeline.privacy.sealing import open_transcript
from pipeline.store.database import Database
from pipeline.store.originals import originals_of
from pipeline.store.results import PAGE, StoredCall


@dataclass(frozen=True, slots=True)
class SpokenCall:
    """A stored call with the words that its transcript hides, where there is a key for them."""

    stored: StoredCall
    original: Transcript
    """As it was spoken; masked where the original is not kept, or there is no key."""
    masked: Transcript

    @property
    def is_whole(self) -> bool:
        """Whether nothing is hidden that was said."""
        return not any(is_masked(turn.text) for turn in self.original.turns)

    def findings(self, evaluate: Callable[[Call], Findings]) -> Findings:
        """What ``evaluate`` says of the call as it was spoken, masked."""
        spoken = replace(self.stored.call, transcript=self.original)
        return mask_findings(evaluate(spoken), self.original, self.masked)


def spoken_calls(
    database: Database, calls: Iterable[StoredCall], keys: KeyRing | None, *, own_numbers: Collection[str] = ()
) -> Iterator[list[SpokenCall]]:
    """The calls a page at a time, each with its words as far as ``keys`` open them.

    Raises:
        SealError: an original is there and cannot be opened: without it a rule would be clear that was not.
    """
    for page in _pages(calls):
        sealed = originals_of(database, [stored.recording.id for stored in page]) if keys else {}
        opened = []
        for stored in page:
            there = stored.call.transcript
            # An earlier version stored what was spoken; what is said of it now is masked all the same.
            masked = there if stored.masking is not None else mask_call(there, own_numbers=own_numbers)
            closed = sealed.get(stored.recording.id)
            original = open_transcript(keys, stored.recording.id, closed, there) if keys and closed else there
            opened.append(SpokenCall(stored, original, masked))
        yield opened


def _pages(calls: Iterable[StoredCall]) -> Iterator[Sequence[StoredCall]]:
    page: list[StoredCall] = []
    for call in calls:
        page.append(call)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page
