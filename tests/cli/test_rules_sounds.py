"""`earmark rules sounds` on calls in which a phrase is said, and something that only sounds like it."""

import json

from tests.e2e.commands import earmark


def test_said_and_only_heard(tmp_path):
    turns = [
        {"role": "agent", "start_s": 0, "end_s": 3, "text": "请说一下验证码。"},
        {"role": "agent", "start_s": 4, "end_s": 7, "text": "念正码是多少？"},
        {"role": "agent", "start_s": 8, "end_s": 11, "text": "演证马是多少？"},
    ]
    call = {"recording": "a", "duration_s": 12, "turns": turns, "labels": {}}
    (tmp_path / "calls.jsonl").write_text(json.dumps(call, ensure_ascii=False))
    arguments = ("rules", "sounds", "验证码", "--labels", tmp_path / "calls.jsonl", "--format", "json")
    code, out, err = earmark(tmp_path, *arguments)
    assert code == 0, err
    (cost,) = json.loads(out)
    assert (cost["phrase"], cost["said"], cost["only_heard"], cost["examples"]) == ("验证码", 1, 1, ["演证马"])
