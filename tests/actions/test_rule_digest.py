"""What makes a rule another one: what it hits by, not what it is called."""

import pytest

from pipeline.batch.rule_set import headings
from rules.loader import load_sources, standard_pack_dir

INSULT = (standard_pack_dir() / "insult.yaml").read_text(encoding="utf-8")


def digest(text: str) -> str | None:
    (heading,) = headings(load_sources([("pack/insult.yaml", text)]))
    return heading.digest


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        pytest.param('"精神病", ', "", False, id="a phrase less"),
        pytest.param("severity: critical", "severity: alert", False, id="another severity"),
        pytest.param('en: "Insult"', 'en: "Insults"', True, id="another title"),
        pytest.param("tuned_for: precision", "tuned_for: recall", True, id="tuned for something else"),
        pytest.param("status: active", "# why not\nstatus: active", True, id="a comment"),
    ],
)
def test_a_changed_rule_is_another_one(old, new, same):
    assert old in INSULT
    assert (digest(INSULT) == digest(INSULT.replace(old, new, 1))) is same
