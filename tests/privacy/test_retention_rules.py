"""The file that says how long what is kept."""

import pytest

from pipeline.domain.errors import ConfigError
from pipeline.domain.retention import DataClass
from pipeline.privacy.retention import load_retention


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["empty"]),
        ("default: {audio: 0}", ["1:18: '0' is neither"]),
        ("default: {audio: -3}", ["neither a number of days"]),
        ("default: {audio: 1.5}", ["neither"]),
        ("default: {audio: ³}", ["neither"]),
        ("default: {audio: forever}", ["neither a number of days, 1 to 36500, nor 'keep'"]),
        ("default: {audio: 99999999}", ["neither"]),
        ("default: {sound: 3}", ["unknown key 'sound'"]),
        ("queues: {退款: {audit: 3}}", ["'audit' stands under 'default' only"]),
        ("default: {audio: 1}\ndefault: {audio: 2}", ["given twice"]),
        ("default: {sound: 3, audio: 0}\nqueue: {}", ["sound", "'0'", "queue"]),
    ],
)
def test_rules_that_cannot_be_used(tmp_path, text, problems):
    (tmp_path / "rules.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_retention(tmp_path / "rules.yaml")
    assert all(problem in str(caught.value) for problem in problems)


def test_rules_as_they_are_written(tmp_path):
    (tmp_path / "rules.yaml").write_text(
        "default: {audio: 180, audit: 1095}\nqueues: {理赔: {audio: keep, derived: 9}}\n"
    )
    rules = load_retention(tmp_path / "rules.yaml")
    assert rules.days(DataClass.AUDIO, "退款") == 180
    assert (rules.days(DataClass.AUDIO, "理赔"), rules.days(DataClass.DERIVED, "理赔")) == (None, 9)
    assert rules.days(DataClass.REVIEWS, None) is None
