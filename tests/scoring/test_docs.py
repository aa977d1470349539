"""docs/scorecards.md says what the code does."""

import re
from pathlib import Path

from pipeline.domain.scores import Answer, ItemAnswer
from pipeline.scoring.cards import load_card, load_default_card
from pipeline.scoring.document import CardDocument, CategoryDocument, ItemDocument
from pipeline.scoring.score import score
from tests.scoring.builders import by_person, by_rules

PAGE = (Path(__file__).parents[2] / "docs" / "scorecards.md").read_text(encoding="utf-8")
YAML = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL).group(1)


def rows(heading):
    table = PAGE.split(heading)[1].split("| --- |", 1)[1].split("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_table_is_the_default_card():
    expected = []
    for category in load_default_card().categories:
        expected.append([f"**{category.title.zh} {category.title.en}**", "", "", "", ""])
        for item in category.items:
            points = " / ".join(map(str, item.points))
            rules = ", ".join(f"`{rule}`" for rule in item.rules)
            title = f"{item.title.zh} {item.title.en}"
            expected.append([title, f"`{item.id}`", points, rules, item.error_class or ""])
    assert rows("## The default card") == expected


def test_the_card_of_the_page_loads(tmp_path):
    (tmp_path / "telesales.yaml").write_text(YAML, encoding="utf-8")
    assert load_card(tmp_path / "telesales.yaml").max_points == 50


def test_every_key_of_a_card_is_on_the_page():
    for document in (CardDocument, CategoryDocument, ItemDocument):
        for key in document.model_fields:
            assert re.search(rf"\b{key}\b", PAGE.split("## Writing a card")[1]), key


def test_the_worked_example():
    *lines, total = rows("**Example.**")
    answers = {name.strip("`"): text for name, text, _, _ in lines}
    assert list(answers.values())[1] == "excellent by rules, overruled: fair"
    automatic = by_rules(**{"attention": Answer.NO, "complete-ending": Answer.EXCELLENT, "survey": Answer.YES})
    human = by_person(**{"complete-ending": Answer.FAIR, "accurate": Answer.YES, "identity": Answer.N_A})
    assert answers.keys() == automatic.keys() | human.keys()
    card = load_default_card()
    result = score(card, automatic, human)
    for item in result.items:
        if item.item.id in answers:
            row = next(line for line in lines if line[0] == f"`{item.item.id}`")
            assert row[2:] == ["" if points is None else str(points) for points in (item.got, item.possible)]
    assert total[2:] == [str(result.got), str(result.possible)] == ["50", "70"]
    assert (round(result.share, 3), result.passed) == (0.714, False)
    missing = score(card, automatic, human | {"identity": ItemAnswer(Answer.NO, automatic=False)})
    assert (missing.share, missing.failed_classes) == (0.5, {"compliance-critical"})
