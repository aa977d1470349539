"""A network that says of each character of a call how likely it is personal data, and of which kind.

What is known of a character (itself, its word and what kind of word that is, who speaks, the words that announce data,
what the rules found) has an embedding each; their sum goes through dilated convolutions with residual connections (Yu
and Koltun 2016; Strubell et al. 2017 for tagging). `python -m benchmarks.privacy_tagger` trains it; here it only runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from pathlib import Path

import numpy as np
import rjieba
from numpy.typing import NDArray

from pipeline.privacy.find_cues import Heard
from pipeline.privacy.find_said import Found, Said

NETWORK = Path(__file__).with_name("tagger.npz")
"""Weights, the long tables in bytes with a step a row and the others in half precision, and their symbols."""
MASKED, UNKNOWN, SYMBOLS_FROM = 0, 1, 2
"""Rows of every embedding: of what is not known at all, of what was too rare in training, of the first symbol."""
POSITIONS = "SBME"
"""A character is its word, begins it, is within or ends it."""
_HIGHEST = 60.0
CODE_POINTS = 0x10000
"""Those of the basic plane; the last stands for all others too."""
Table = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Tagger:
    """The network. A table has a row for each symbol, and as many columns as the network is wide."""

    rows: NDArray[np.uint16]
    """For each code point of the basic plane its row in ``characters``."""
    characters: Table
    words: Mapping[str, int]
    of_words: Table
    tags: Mapping[str, int]
    of_tags: Table
    """A row for each kind of word and each of ``POSITIONS``."""
    extras: Mapping[str, Table]
    """What is added to a character that a word of this cue, a turn of this role, a find of this kind covers, to the
    first of a find, and to a capital: by ``cue NAME``, ``role agent``, ``rule NAME``, ``first NAME``, ``upper``."""
    layers: Sequence[tuple[int, Table, Table]]
    """Dilation, weights (3 × width, width) and bias of each convolution."""
    output: tuple[Table, Table]
    """Weights (width, kinds) and bias."""
    digest: str
    """What it was trained on."""

    def probabilities(self, said: Said, found: Sequence[Found], heard: Sequence[Heard]) -> Table:
        """A row a character of ``said.text``: that it is no personal data, then that it is of each kind. The text is
        not empty."""
        logits = self._through_layers(self._embedded(said, found, heard)) @ self.output[0]
        logits += self.output[1]
        # No logit is so high that its power overflows; sums along rows are faster as a product.
        likely: Table = np.exp(np.minimum(logits, _HIGHEST, out=logits), out=logits)
        likely /= likely @ np.ones((likely.shape[1], 1), np.float32)
        return likely

    def _embedded(self, said: Said, found: Sequence[Found], heard: Sequence[Heard]) -> Table:
        text = said.text
        total: Table = self.characters.take(self.rows[np.minimum(code_points(text), CODE_POINTS - 1)], axis=0)
        self._add_words(total, text)
        normal = said.normal
        origins = np.arange(len(text)) if normal.unchanged_length else np.asarray(normal.starts)
        edges = np.searchsorted(origins, said.begins)
        roles = np.array([self.extras[f"role {turn.role.value}"] for turn in said.turns])
        total += roles.repeat(np.diff(edges, append=len(text)), axis=0)
        for word in heard:
            total[word.start : word.end] += self.extras[f"cue {word.cue.name}"]
        for datum in found:
            total[datum.start : datum.end] += self.extras[f"rule {datum.kind.name}"]
            total[datum.start] += self.extras[f"first {datum.kind.name}"]
        original = code_points("\n".join([turn.text for turn in said.turns]))[origins]
        total[(original >= ord("A")) & (original <= ord("Z"))] += self.extras["upper"]
        return total

    def _add_words(self, total: Table, text: str) -> None:
        words, tags = zip(*rjieba.tag(text), strict=True)
        lengths = np.fromiter(map(len, words), np.intp)
        ends = np.cumsum(lengths)
        position = np.full(len(text), POSITIONS.index("M"))
        position[ends - 1] = POSITIONS.index("E")
        position[ends - lengths] = np.where(lengths == 1, POSITIONS.index("S"), POSITIONS.index("B"))
        of_words = np.fromiter(map(self.words.get, words, repeat(UNKNOWN)), np.intp)
        of_tags = np.fromiter(map(self.tags.get, tags, repeat(UNKNOWN)), np.intp)
        total += self.of_words.take(of_words.repeat(lengths), axis=0)
        total += self.of_tags.take(of_tags.repeat(lengths) * len(POSITIONS) + position, axis=0)

    def _through_layers(self, signal: Table) -> Table:
        # The same three arrays all the way: fresh ones of this size cost as much as what is worked out in them.
        length, width = signal.shape
        margin = max(dilation for dilation, _, _ in self.layers)
        padded = np.zeros((length + 2 * margin, width), np.float32)
        centre = padded[margin : margin + length]
        centre[:] = signal
        change, part = np.empty_like(signal), np.empty_like(signal)
        for dilation, weights, bias in self.layers:
            np.matmul(padded[margin - dilation :][:length], weights[:width], out=change)
            np.matmul(centre, weights[width : 2 * width], out=part)
            change += part
            np.matmul(padded[margin + dilation :][:length], weights[2 * width :], out=part)
            change += part
            change += bias
            centre += np.maximum(change, 0, out=change)
        return centre


def code_points(text: str) -> NDArray[np.uint32]:
    """The code point of each character."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


@cache
def tagger() -> Tagger:
    """The network that is shipped."""
    with np.load(NETWORK) as file:
        return loaded(file)


def loaded(arrays: Mapping[str, NDArray[np.generic]]) -> Tagger:
    """The network of a file's arrays."""

    def table(name: str) -> Table:
        return arrays[name].astype(np.float32)

    def in_steps(name: str) -> Table:
        return table(name) * table(f"{name}_steps")[:, np.newaxis]

    def rows(name: str) -> dict[str, int]:
        return {symbol: row for row, symbol in enumerate(_texts(arrays[name]), SYMBOLS_FROM)}

    return Tagger(
        rows=arrays["rows"].astype(np.uint16),
        characters=in_steps("characters"),
        words=rows("words"),
        of_words=in_steps("of_words"),
        tags=rows("tags"),
        of_tags=table("of_tags"),
        extras=dict(zip(_texts(arrays["extras"]), table("of_extras"), strict=True)),
        layers=[
            (int(dilation), weights, bias)
            for dilation, weights, bias in zip(arrays["dilations"], table("weights"), table("biases"), strict=True)
        ],
        output=(table("output"), table("output_bias")),
        digest=_texts(arrays["digest"])[0],
    )


def _texts(array: NDArray[np.generic]) -> list[str]:
    return array.tobytes().decode().split("\0")
