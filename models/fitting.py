"""Fitting: a scikit-learn pipeline over counted n-grams and call features, and the arrays it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from models.call_text import CallText, first_column
from models.linear import Dense, LinearModel, Zone
from models.ngrams import BUCKETS
from models.recipe import Kind, Part, Recipe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ZoneKey = tuple[Part, Kind]


@dataclass(frozen=True, slots=True)
class Table:
    """Documents as numbers: the n-grams of each zone, side by side, then the features."""

    values: Any
    """A scipy CSR matrix, documents by zones · ``BUCKETS`` + features."""
    zones: tuple[ZoneKey, ...]
    names: tuple[str, ...]
    """Of the features."""

    def rows(self, chosen: "NDArray[np.int64] | NDArray[np.bool_]") -> "Table":
        """Some of the documents."""
        return Table(self.values[chosen], self.zones, self.names)


def call_table(
    calls: Sequence[CallText], features: "NDArray[np.float64]", names: tuple[str, ...], recipe: Recipe
) -> Table:
    """Calls as numbers; ``features`` are calls by ``names``."""
    import numpy as np

    zones = [(part, kind) for part, _ in recipe.parts for kind in recipe.kinds]
    counted = [call.by_part for call in calls]
    document = np.repeat(np.arange(len(calls)), [len(one.column) for one in counted])
    column = np.concatenate([one.column for one in counted])
    count = np.concatenate([one.count for one in counted])
    blocks = [_sparse(document, column - first_column(*zone), count, len(calls)) for zone in zones]
    return _table(blocks, features, tuple(zones), names)


def turn_table(turns: CallText, features: "NDArray[np.float64]", names: tuple[str, ...], recipe: Recipe) -> Table:
    """Turns as numbers, a document each; ``features`` are turns by ``names``."""
    zones = tuple((Part.TURN, kind) for kind in recipe.kinds)
    counted = turns.turn_by_turn
    document = counted.unit // counted.zones
    blocks = [
        _sparse(document, counted.column - first_column(*zone), counted.count, len(turns.turns)) for zone in zones
    ]
    return _table(blocks, features, zones, names)


def _sparse(
    document: "NDArray[np.int64]", bucket: "NDArray[np.int64]", count: "NDArray[np.number]", documents: int
) -> Any:
    """The counts of one zone: those whose number is that of a bucket."""
    import numpy as np
    from scipy.sparse import csr_matrix

    of_zone = ((bucket >= 0) & (bucket < BUCKETS)).nonzero()[0]
    values = count[of_zone].astype(np.float64)
    return csr_matrix((values, (document[of_zone], bucket[of_zone])), shape=(documents, BUCKETS))


def _table(
    blocks: list[Any], features: "NDArray[np.float64]", zones: tuple[ZoneKey, ...], names: tuple[str, ...]
) -> Table:
    from scipy.sparse import csr_matrix, hstack

    return Table(hstack([*blocks, csr_matrix(features)], format="csr"), zones, names)


BASE = "shipped model: "
"""How the features that are scores of the shipped model are named."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted pipeline and the columns of the table that it reads."""

    pipeline: Any
    columns: "NDArray[np.int64]"

    def scores(self, table: Table) -> "NDArray[np.float64]":
        """Documents by classes, before calibration."""
        import numpy as np

        found = np.asarray(self.pipeline.decision_function(table.values[:, self.columns]), dtype=np.float64)
        return found[:, None] if found.ndim == 1 else found


def fit(table: Table, labels: "NDArray[np.int64]", recipe: Recipe) -> Fitted:
    """The recipe's pipeline fitted to numbered classes: TF-IDF by zone, standardised features, logistic regression.

    Raises:
        ValueError: there is only one class.
    """
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    columns = _frequent(table, recipe.least_documents)
    bounds = np.searchsorted(columns, np.arange(len(table.zones) + 1) * BUCKETS)
    steps: list[tuple[str, Any, slice | list[int]]] = []
    scales: dict[str, float] = {}
    for (part, kind), first, last in zip(table.zones, bounds, bounds[1:], strict=False):
        if last > first:
            steps.append((f"{part}/{kind}", _tfidf(), slice(int(first), int(last))))
            scales[f"{part}/{kind}"] = dict(recipe.parts)[part]
    for number, name in enumerate(table.names):
        steps.append((name, _standardise(), [int(bounds[-1]) + number]))
        scales[name] = recipe.base_weight(len(labels)) if name.startswith(BASE) else recipe.feature_weight
    # Liblinear is fast where there are two classes, and knows no more than two.
    solver = "liblinear" if len(np.unique(labels)) == 2 else "lbfgs"
    model = LogisticRegression(C=recipe.strength, max_iter=1_000, solver=solver)
    features = ColumnTransformer(steps, transformer_weights=scales, sparse_threshold=1.0)
    pipeline = Pipeline([("features", features), ("model", model)])
    return Fitted(pipeline.fit(table.values[:, columns], labels), columns)


def _frequent(table: Table, least: int) -> "NDArray[np.int64]":
    """The columns of n-grams that stand in enough documents, then those of all features."""
    import numpy as np

    first = len(table.zones) * BUCKETS
    documents = np.bincount(table.values.indices, minlength=table.values.shape[1])
    return np.concatenate([np.flatnonzero(documents[:first] >= least), first + np.arange(len(table.names))])


def _tfidf() -> Any:
    from sklearn.feature_extraction.text import TfidfTransformer

    return TfidfTransformer(sublinear_tf=True)


def _standardise() -> Any:
    import numpy as np
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    return Pipeline(
        [
            ("unpack", FunctionTransformer(_unpacked, accept_sparse=True)),
            ("standardise", StandardScaler()),
            ("cut off", FunctionTransformer(np.clip, kw_args={"a_min": -3.0, "a_max": 3.0})),
        ]
    )


def _unpacked(values: Any) -> Any:
    return values.toarray()


def as_arrays(fitted: Fitted, table: Table, classes: tuple[str, ...]) -> LinearModel:
    """The fitted pipeline as arrays, not calibrated yet. Scores are the pipeline's, to within rounding."""
    import numpy as np

    features, model = fitted.pipeline.named_steps["features"], fitted.pipeline.named_steps["model"]
    scores = len(classes)
    by_name = {name: (step, features.transformer_weights[name]) for name, step, _ in features.transformers_}
    zones: list[Zone] = []
    done = 0
    for number, (part, kind) in enumerate(table.zones):
        of_zone = fitted.columns[fitted.columns // BUCKETS == number] % BUCKETS
        weights = np.zeros((len(of_zone), 1 + scores), np.float32)
        if f"{part}/{kind}" in by_name:
            step, scale = by_name[f"{part}/{kind}"]
            weights[:, 0] = step.idf_
            weights[:, 1:] = scale * model.coef_[:, done : done + len(of_zone)].T
            done += len(of_zone)
        zones.append(Zone(part, kind, of_zone, weights))
    scalers = [by_name[name][0].named_steps["standardise"] for name in table.names]
    scales = np.array([by_name[name][1] for name in table.names])
    dense = Dense(
        names=table.names,
        mean=np.array([scaler.mean_[0] for scaler in scalers]),
        scale=np.array([scaler.scale_[0] for scaler in scalers]),
        weights=model.coef_[:, done:] * scales,
    )
    return LinearModel(
        classes, tuple(zones), dense, model.intercept_.astype(np.float64), np.eye(scores), np.zeros(scores)
    )
