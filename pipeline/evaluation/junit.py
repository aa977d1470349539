"""Test results in the XML that CI systems read: one suite a rule, one case an example."""

from collections.abc import Sequence
from xml.etree import ElementTree

from pipeline.evaluation.rule_tests import RanExample


def junit_xml(examples: Sequence[RanExample]) -> str:
    """The results as JUnit XML. Source: https://github.com/testmoapp/junitxml, which CI systems agree on."""
    suites = ElementTree.Element("testsuites", {"name": "earmark rules", **_counts(examples)})
    by_rule: dict[str, list[RanExample]] = {}
    for one in examples:
        by_rule.setdefault(one.rule.id, []).append(one)
    for rule, of_rule in by_rule.items():
        named = {"name": rule, "file": of_rule[0].place.file}
        suite = ElementTree.SubElement(suites, "testsuite", named | _counts(of_rule) | {"errors": "0", "skipped": "0"})
        for one in of_rule:
            suite.append(_case(one))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, encoding="unicode") + "\n"


def _counts(examples: Sequence[RanExample]) -> dict[str, str]:
    return {"tests": str(len(examples)), "failures": str(sum(not one.holds for one in examples))}


def _case(one: RanExample) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        name=f"{one.result.name} {one.example.note}" if one.example.note else one.result.name,
        classname=one.rule.id,
        file=one.place.file,
        line=str(one.place.line),
    )
    if not one.holds:
        failure = ElementTree.SubElement(case, "failure", type="example", message=_plain(one.result.problem or ""))
        turns = (f"{turn.role}: {turn.text}" for turn in one.call.transcript.turns)
        failure.text = _plain("\n".join((str(one.place), *turns)))
    return case


def _plain(text: str) -> str:
    """``text`` without the control characters that XML 1.0 cannot hold."""
    return "".join(character for character in text if character >= " " or character in "\t\n")
