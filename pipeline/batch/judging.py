"""What is said of a call without hearing it again: classifiers first, then the rules, which may ask them."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.domain.results import Call, Findings

if TYPE_CHECKING:
    from rules.rule import RulePack


class Judge:
    """Classifiers and rules, ready to run."""

    def __init__(self, pack: "RulePack", models: Path | None = None) -> None:
        """``models`` is a folder of the site's own classifiers; those that earmark ships where it has none.

        Raises:
            ModelArtifactError: a model is altered, or made for other versions.
        """
        from models.registry import load_models
        from rules.engine import Engine

        self._models = load_models(models)
        self._engine = Engine(pack)

    def __call__(self, call: Call) -> Findings:
        """What models and rules say of the call; predictions that it comes with are made anew."""
        from models.predict import predict_call

        predictions = predict_call(self._models, call.transcript, call.signals)
        return Findings(self._engine.evaluate(replace(call, predictions=predictions)), predictions)
