"""Scorecards from YAML files: one card a file, every problem of every file reported at once."""

from collections.abc import Collection, Iterable
from pathlib import Path

from pydantic import ValidationError

from pipeline.domain.errors import ConfigError
from pipeline.domain.scores import Scorecard
from pipeline.scoring.document import CardDocument, contradictions
from pipeline.text.placed_yaml import in_order, label_of, messages, read


class CardError(ConfigError):
    """A scorecard cannot be loaded. ``problems`` holds every problem of every file, not just the first."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load_default_card() -> Scorecard:
    """The card that comes with the program."""
    return load_card(Path(__file__).parent / "cards" / "default.yaml")


def load_card(path: Path) -> Scorecard:
    """The card in the file.

    Raises:
        CardError: the file cannot be read or is no card; all problems are in it.
    """
    problems: list[str] = []
    card = _load(path, problems)
    if card is None:
        raise CardError(problems)
    return card


def load_cards(folder: Path) -> tuple[Scorecard, ...]:
    """All cards in the folder's ``*.yaml`` files, by id and version.

    Raises:
        CardError: there is none, two are the same version of one card, or a file has a problem; all are in it.
    """
    paths = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    problems = [] if paths else [f"{folder}: no *.yaml file here; a card is one file"]
    cards: dict[tuple[str, int], Scorecard] = {}
    sources: dict[tuple[str, int], str] = {}
    for path in paths:
        card = _load(path, problems)
        if card is None:
            continue
        key = (card.id, card.version)
        if key in cards:
            problems.append(f"{label_of(path)}:1:1: '{card.id}' version {card.version} is also in {sources[key]}")
            continue
        cards[key], sources[key] = card, label_of(path)
    if problems:
        raise CardError(problems)
    return tuple(cards[key] for key in sorted(cards))


def unknown_rules(card: Scorecard, known_ids: Collection[str]) -> tuple[str, ...]:
    """Rules that fill an item of the card and do not exist; such an item would stay open on every call."""
    return tuple(sorted({rule for item in card.items for rule in item.rules} - set(known_ids)))


def _load(path: Path, problems: list[str]) -> Scorecard | None:
    """The card, or ``None`` with its problems added."""
    source = read(path)
    found = list(source.problems)
    document = None
    if source.root is not None:
        try:
            document = CardDocument.model_validate(source.value)
        except ValidationError as error:
            found.extend(messages(source, error))
        found.extend(contradictions(source))
    problems.extend(in_order(found, source.label))
    return document.card() if document is not None and not found else None
