"""docs/rules.md tells the truth."""

import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipeline.audio.signals import measure_signals
from rules.examples import run_examples
from rules.loader import load_sources, standard_pack_dir
from rules.reference import language_reference
from rules.schema import json_schema

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
RENEW = "replace what follows the marker in docs/rules.md by rules.reference.language_reference()"


def test_reference_is_that_of_the_operators() -> None:
    assert PAGE.split("renew it -->\n", 1)[1] == language_reference(), RENEW


def test_tutorial_rule_works() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)
    results = run_examples(load_sources([("site-rules/tutorial.yaml", text)]), measure_signals)
    assert len(results) == 3
    assert [result.problem for result in results] == [None] * 3


@pytest.mark.parametrize("path", sorted(standard_pack_dir().glob("*.yaml")), ids=lambda path: path.stem)
def test_schema_for_editors_accepts_what_the_loader_accepts(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), json_schema())


def test_schema_for_editors_refuses_an_unknown_operator() -> None:
    rule = yaml.safe_load((standard_pack_dir() / "insult.yaml").read_text(encoding="utf-8"))
    rule["when"] = {"phrse": "喂"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(rule, json_schema())
