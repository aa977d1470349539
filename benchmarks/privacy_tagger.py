"""Trains the network that finds personal data (pipeline/privacy/tagger.py): ``python -m benchmarks.privacy_tagger``.

Needs JAX: ``pip install -e .[train]``. Writes pipeline/privacy/tagger.npz in nineteen minutes on two cores.
``--evaluate`` writes nothing: it prints what is found with and without the network, each author's calls by a network
that has not seen this author. What rules find in calls that they were repaired on is not shown to the network: it would
trust them too much.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing import Pool
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from benchmarks.privacy_symbols import FIELDS, Example, TaughtCall, digest, read_all, taught
from benchmarks.privacy_weights import Rows, arrays_of, network_of, write
from pipeline.domain.personal import PersonalKind
from pipeline.privacy.tagger import MASKED, NETWORK, SYMBOLS_FROM, UNKNOWN

WIDTH = 64
DILATIONS = (1, 2, 4, 8, 16, 2)
EPOCHS = 16
_RATE = 3e-3
_DECAY = 1e-4
_DROPPED = 0.25
_AVERAGED = 0.998
"""How much of the running mean of the weights, which is what is kept, stays at each step."""
_PERSONAL_WEIGHT = 1.5
_FEWEST = {"character": 2, "word": 3, "tag": 3}
"""Rarer symbols are unknown ones."""
_HIDDEN = {"character": 0.08, "word": 0.25, "tag": 0.05, "cue": 0.1, "role": 0.1, "flag": 0.05}
"""How often a symbol is hidden in training, by field."""
_RULES_HIDDEN = 0.3
"""In how many calls the rules' finds are hidden, half of the time all, else each in three of ten cases."""
_PIECE, _BATCH = 384, 12
_BETWEEN = 20
_KINDS = len(PersonalKind) + 1
_RULE = FIELDS.index("rule")
Batch = tuple[np.ndarray, np.ndarray]
"""Rows, (pieces, characters, fields), and kinds, (pieces, characters)."""
Parameters = dict[str, Any]
"""``embeddings`` by field, ``layers`` and ``output``."""


def rows_of(calls: Sequence[TaughtCall]) -> Rows:
    """For each field its symbols that are frequent enough, each with its row."""
    rows: dict[str, dict[str, int]] = {}
    for field in FIELDS:
        variants = 1 if field == "word" else None
        examples = [example for call in calls for example in call.variants[:variants]]
        counts = Counter(symbol for each in examples for symbol in each.symbols[field])
        kept = sorted(symbol for symbol in counts if counts[symbol] >= _FEWEST.get(field, 1))
        rows[field] = {symbol: row for row, symbol in enumerate(kept, SYMBOLS_FROM)}
    return rows


def _started(rows: Rows, key: jax.Array) -> Parameters:
    keys = iter(jax.random.split(key, len(FIELDS) + len(DILATIONS) + 1))
    scale = 1.2 / np.sqrt(3 * WIDTH)
    return {
        "embeddings": {
            field: jax.random.normal(next(keys), (len(rows[field]) + SYMBOLS_FROM, WIDTH)) * 0.3 for field in FIELDS
        },
        "layers": [
            {"weights": jax.random.normal(next(keys), (3 * WIDTH, WIDTH)) * scale, "bias": jnp.zeros(WIDTH)}
            for _ in DILATIONS
        ],
        "output": {"weights": jax.random.normal(next(keys), (WIDTH, _KINDS)) * 0.1, "bias": jnp.zeros(_KINDS)},
    }


def _moved(signal: jax.Array, by: int) -> jax.Array:
    gap = jnp.zeros_like(signal[:, : abs(by)])
    return jnp.concatenate([signal[:, by:], gap] if by > 0 else [gap, signal[:, :by]], axis=1)


def _logits(parameters: Parameters, rows: jax.Array, key: jax.Array) -> jax.Array:
    """The network in training: (pieces, characters, fields) to (pieces, characters, kinds)."""
    keys = iter(jax.random.split(key, len(FIELDS) + len(DILATIONS) + 1))

    def dropped(signal: jax.Array) -> jax.Array:
        return jnp.where(jax.random.bernoulli(next(keys), 1 - _DROPPED, signal.shape), signal / (1 - _DROPPED), 0)

    there = (rows[..., 0] > 0)[..., None]
    signal = jnp.zeros((*rows.shape[:2], WIDTH))
    for place, field in enumerate(FIELDS):
        column = rows[..., place]
        hidden = jax.random.bernoulli(next(keys), _HIDDEN.get(field, 0.0), column.shape)
        column = jnp.where(hidden, UNKNOWN if field in _FEWEST else MASKED, column)
        signal += parameters["embeddings"][field][column]
    signal = dropped(signal) * there
    for layer, dilation in zip(parameters["layers"], DILATIONS, strict=True):
        around = jnp.concatenate([_moved(signal, -dilation), signal, _moved(signal, dilation)], axis=-1)
        signal = (signal + dropped(jax.nn.relu(around @ layer["weights"] + layer["bias"]))) * there
    return signal @ parameters["output"]["weights"] + parameters["output"]["bias"]


def _loss(parameters: Parameters, rows: jax.Array, kinds: jax.Array, key: jax.Array) -> jax.Array:
    there = rows[..., 0] > 0
    weights = jnp.where(kinds > 0, _PERSONAL_WEIGHT, 1.0) * there
    losses = optax.softmax_cross_entropy_with_integer_labels(_logits(parameters, rows, key), kinds)
    return (losses * weights).sum() / there.sum()


def train(calls: Sequence[TaughtCall], seed: int = 0) -> tuple[Rows, Parameters]:
    """What ``calls`` teach."""
    luck = random.Random(seed)
    rows = rows_of(calls)
    material = [[(_rows(each, rows), each.kinds) for each in call.variants] for call in calls]
    unseen = [call.rules_unseen for call in calls]
    parameters = _started(rows, jax.random.PRNGKey(seed))
    characters = sum(len(variants[0][1]) + _BETWEEN for variants in material)
    steps = EPOCHS * max(1, characters // (_PIECE * _BATCH))
    optimiser = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(optax.cosine_onecycle_schedule(steps, _RATE, pct_start=0.15), weight_decay=_DECAY),
    )

    @jax.jit
    def step(
        parameters: Parameters, mean: Parameters, state: Any, batch: Batch, key: jax.Array, kept: float
    ) -> tuple[Parameters, Parameters, Any]:
        gradients = jax.grad(_loss)(parameters, *batch, key)
        updates, state = optimiser.update(gradients, state, parameters)
        parameters = optax.apply_updates(parameters, updates)
        mean = jax.tree.map(lambda old, new: kept * old + (1 - kept) * new, mean, parameters)
        return parameters, mean, state

    mean, state, done = parameters, optimiser.init(parameters), 0
    key = jax.random.PRNGKey(seed + 1)
    while done < steps:
        for batch in _batches(material, unseen, rows["rule"][""], luck):
            key, used = jax.random.split(key)
            kept = min(_AVERAGED, done / (done + 10))
            parameters, mean, state = step(parameters, mean, state, batch, used, kept)
            done += 1
            if done >= steps:
                break
    return rows, jax.tree.map(np.asarray, mean)


def _rows(each: Example, rows: Rows) -> np.ndarray:
    columns = [[rows[field].get(symbol, UNKNOWN) for symbol in each.symbols[field]] for field in FIELDS]
    return np.array(columns, np.int32).T


def _batches(
    material: Sequence[Sequence[Batch]], unseen: Sequence[bool], nothing: int, luck: random.Random
) -> Iterator[Batch]:
    """All calls once, a variant of each, in pieces of equal length."""
    order = luck.sample(range(len(material)), len(material))
    rows, kinds = [], []
    for place in order:
        variant = luck.choice((0, 1)) if luck.random() < 0.35 else luck.randrange(len(material[place]))
        some, of_some = material[place][variant]
        rows += [
            _rules_hidden(some, nothing, luck, all_of_them=not unseen[place]),
            np.zeros((_BETWEEN, len(FIELDS)), np.int32),
        ]
        kinds += [of_some, np.zeros(_BETWEEN, np.int32)]
    skipped = luck.randrange(_PIECE)
    all_rows, all_kinds = np.concatenate(rows)[skipped:], np.concatenate(kinds)[skipped:]
    count = len(all_kinds) // _PIECE
    pieces = all_rows[: count * _PIECE].reshape(count, _PIECE, -1)
    of_pieces = all_kinds[: count * _PIECE].reshape(count, _PIECE)
    shuffled = luck.sample(range(count), count)
    for first in range(0, count - _BATCH + 1, _BATCH):
        chosen = shuffled[first : first + _BATCH]
        yield pieces[chosen], of_pieces[chosen]


def _rules_hidden(rows: np.ndarray, nothing: int, luck: random.Random, *, all_of_them: bool) -> np.ndarray:
    """``rows`` without the finds of the rules, or some of them, or as they are."""
    if not all_of_them and luck.random() >= _RULES_HIDDEN:
        return rows
    rows = rows.copy()
    rules = rows[:, _RULE]
    all_of_them = all_of_them or luck.random() < 0.5
    found = np.flatnonzero(rules != nothing)
    for group in np.split(found, np.flatnonzero(np.diff(found) > 1) + 1):
        if all_of_them or luck.random() < 0.3:
            rules[group] = nothing
    return rows


def read_taught() -> list[TaughtCall]:
    """All annotated calls with their variants."""
    with Pool() as pool:
        return pool.starmap(taught, list(read_all()), chunksize=16)


def main() -> None:
    """Writes the network, or prints how good it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evaluate", action="store_true", help="print the figures; write nothing")
    options = parser.parse_args()
    calls = read_taught()
    if options.evaluate:
        from benchmarks.privacy_folds import evaluate

        for line in evaluate(calls, lambda some: network_of(*train(some), DILATIONS)):
            print(line, flush=True)
        return
    write(NETWORK, arrays_of(*train(calls), DILATIONS, digest()))
    print(f"{NETWORK.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
