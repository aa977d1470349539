"""From what training makes to the file of the network (pipeline/privacy/tagger.npz)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.privacy_symbols import flag
from pipeline.domain.calls import Role
from pipeline.domain.personal import PersonalKind
from pipeline.privacy.find_cues import Cue
from pipeline.privacy.find_surnames import SURNAMES
from pipeline.privacy.tagger import CODE_POINTS, MASKED, POSITIONS, SYMBOLS_FROM, UNKNOWN, Tagger, loaded

Rows = Mapping[str, Mapping[str, int]]
"""For each field the row of each symbol."""
_LEAST = 1e-4
"""Rows of nothing but noughts have a step too."""


def arrays_of(
    rows: Rows, parameters: Mapping[str, Any], dilations: Sequence[int], digest: str
) -> dict[str, np.ndarray]:
    """The arrays of the file. What most characters have in common (no cue, no find) is added to each character's row,
    and so is what follows from the character itself. The two long tables have a byte a number and a step a row, the
    other weights half precision."""
    tables = parameters["embeddings"]

    def of(field: str, symbol: str) -> np.ndarray:
        return tables[field][rows[field].get(symbol, UNKNOWN)]

    common = of("cue", "") + of("rule", "")
    characters = sorted({*rows["character"], *SURNAMES})
    of_characters = [
        of("character", one) + of("flag", flag(one)) + of("case", "lower" if "a" <= one <= "z" else "") + common
        for one in characters
    ]
    unknown = tables["character"][UNKNOWN] + of("flag", "") + of("case", "") + common
    places = np.full(CODE_POINTS, UNKNOWN, np.uint16)
    for row, one in enumerate(characters, SYMBOLS_FROM):
        if ord(one) < CODE_POINTS:
            places[ord(one)] = row
    tags = sorted({symbol[:-1] for symbol in rows["tag"]})
    of_tags = [tables["tag"][UNKNOWN]] * (SYMBOLS_FROM * len(POSITIONS))
    of_tags += [of("tag", f"{tag}{position}") for tag in tags for position in POSITIONS]

    def beyond(field: str, symbol: str, usual: str) -> np.ndarray:
        return of(field, symbol) - of(field, usual) if symbol in rows[field] else np.zeros_like(unknown)

    extras = {f"cue {cue.name}": beyond("cue", cue.name, "") for cue in Cue}
    for role in Role:
        extras[f"role {role.value}"] = tables["role"][rows["role"].get(role.value, MASKED)]
    for kind in (kind.name for kind in PersonalKind):
        extras[f"rule {kind}"] = beyond("rule", kind, "")
        extras[f"first {kind}"] = beyond("rule", f"{kind}B", kind)
    extras["upper"] = beyond("case", "upper", "lower")
    words = sorted(rows["word"], key=rows["word"].__getitem__)
    half = {
        "of_tags": of_tags,
        "of_extras": list(extras.values()),
        "weights": [layer["weights"] for layer in parameters["layers"]],
        "biases": [layer["bias"] for layer in parameters["layers"]],
        "output": parameters["output"]["weights"],
        "output_bias": parameters["output"]["bias"],
    }
    texts = {"words": words, "tags": tags, "extras": list(extras), "digest": [digest]}
    arrays = {name: np.asarray(table, np.float16) for name, table in half.items()}
    arrays |= {name: np.frombuffer("\0".join(text).encode(), np.uint8) for name, text in texts.items()}
    for name, table in (("characters", [unknown, unknown, *of_characters]), ("of_words", tables["word"])):
        arrays |= in_bytes(name, np.asarray(table))
    return arrays | {"rows": places, "dilations": np.array(dilations, np.int32)}


def in_bytes(name: str, table: np.ndarray) -> dict[str, np.ndarray]:
    """``table``, a byte a number, and what the bytes of each row are to be multiplied by."""
    steps = np.maximum(np.abs(table).max(axis=1), _LEAST) / 127
    return {name: np.round(table / steps[:, None]).astype(np.int8), f"{name}_steps": steps}


def network_of(rows: Rows, parameters: Mapping[str, Any], dilations: Sequence[int]) -> Tagger:
    """The network as it will be read from the file."""
    return loaded(arrays_of(rows, parameters, dilations, ""))


def write(file: Path, arrays: dict[str, np.ndarray]) -> None:
    """Writes the file."""
    np.savez_compressed(file, **arrays)
