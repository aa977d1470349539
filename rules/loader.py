"""Rule packs from folders of YAML files: one rule a file, every problem of every file reported at once."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from pipeline.domain.errors import RulePackError
from pipeline.text.placed_yaml import Placed
from rules.collector import paused_collector
from rules.nearest import did_you_mean
from rules.references import misuses
from rules.rule import Rule, RulePack
from rules.schema import RuleDocument
from rules.source import Source, parse

SAID_ONLY = frozenset({"title", "why", "examples", "tuned_for"})
"""Parts of a rule that people read; they do not change what it hits."""


def standard_pack_dir() -> Path:
    """The folder of the standard pack that comes with the program."""
    return Path(__file__).parent / "packs" / "standard"


def load_packs(directories: Sequence[Path]) -> RulePack:
    """The rules of all ``*.yaml`` files in the folders, ordered by id.

    A rule of a later folder takes the place of one with the same id in an earlier folder, so that a site may have its
    own version of a standard rule.

    Raises:
        RulePackError: a folder cannot be read or holds no rules, or any file has a problem; all problems are in it.
    """
    files, problems = read_folders(directories)
    return load_sources(files, problems=problems)


def read_folders(directories: Sequence[Path]) -> tuple[list[tuple[str, str]], list[str]]:
    """Label and text of all rule files in the folders, and what could not be read."""
    problems: list[str] = []
    files: list[tuple[str, str]] = []
    for directory in directories:
        files.extend(_read_folder(directory, problems))
    return files, problems


def load_sources(files: Iterable[tuple[str, str]], *, problems: Sequence[str] = ()) -> RulePack:
    """The rules of texts, each with the label that messages name it by; for files in a revision, or not yet saved.

    The first part of a label is the pack; a rule takes the place of one with the same id in an earlier pack.

    Raises:
        RulePackError: any text has a problem, or ``problems`` were found before; all are in it.
    """
    found = list(problems)
    rules: dict[str, Rule] = {}
    contents: dict[str, str] = {}
    with paused_collector():
        for label, text in files:
            rule, source = _load(label, text, found)
            if rule is None:
                continue
            other = rules.get(rule.id)
            if other is not None and _pack_name(other.source) == _pack_name(label):
                found.append(source.problem(("id",), f"the id '{rule.id}' is also in {other.source}; ids are unique"))
                continue
            rules[rule.id] = replace(rule, digest=_rule_digest(source.value))
            contents[rule.id] = json.dumps(source.value, ensure_ascii=False, sort_keys=True)
    if found:
        raise RulePackError(found)
    digest = hashlib.sha256()
    for content in sorted(contents.values()):
        digest.update(content.encode() + b"\n")
    return RulePack(tuple(sorted(rules.values(), key=lambda rule: rule.id)), digest.hexdigest())


def _rule_digest(document: Any) -> str:
    """Names what decides whether the rule hits: the same words under another title find the same calls."""
    decisive = {key: value for key, value in document.items() if key not in SAID_ONLY}
    return hashlib.sha256(json.dumps(decisive, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _pack_name(label: str) -> str:
    return label.partition("/")[0]


def check_rule(label: str, text: str) -> tuple[Rule | None, tuple[str, ...]]:
    """One rule, or the problems that keep it from being one."""
    problems: list[str] = []
    rule, _ = _load(label, text, problems)
    return rule, tuple(problems)


def _read_folder(directory: Path, problems: list[str]) -> Iterable[tuple[str, str]]:
    if not directory.is_dir():
        problems.append(f"{directory}: no such folder; name a folder of rule files")
        return
    paths = sorted(directory.rglob("*.yaml")) + sorted(directory.rglob("*.yml"))
    if not paths:
        problems.append(f"{directory}: holds no *.yaml file; a pack has one rule a file")
    for path in paths:
        label = f"{directory.name}/{path.relative_to(directory).as_posix()}"
        try:
            yield label, path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            problems.append(f"{label}:1:1: not UTF-8 text (byte {error.start}); save the file as UTF-8")
        except OSError as error:
            problems.append(f"{label}:1:1: cannot be read: {error.strerror}")


def _load(label: str, text: str, problems: list[str]) -> tuple[Rule | None, Source]:
    try:
        return _validated(parse(text, label), text, problems)
    except RecursionError:
        problems.append(f"{label}:1:1: conditions are nested too deeply; name some of them under conditions")
        return None, Placed(label, None, None)


def _validated(source: Source, text: str, problems: list[str]) -> tuple[Rule | None, Source]:
    problems.extend(source.problems)
    if source.problems and source.root is None:
        return None, source
    try:
        document = RuleDocument.model_validate(source.value)
    except ValidationError as error:
        problems.extend(_messages(source, error))
        return None, source
    wrong = list(misuses(document.when, document.conditions))
    problems.extend(source.problem(path, message) for path, message in wrong)
    if wrong or source.problems:
        return None, source
    return _rule(document, source.label, text), source


def _rule(document: RuleDocument, label: str, text: str) -> Rule:
    applies_to = {
        name: (values,) if isinstance(values, str) else values for name, values in document.applies_to.items()
    }
    return Rule(
        id=document.id,
        title=document.title.text(),
        why=document.why.text(),
        severity=document.severity,
        error_class=document.error_class,
        status=document.status,
        tuned_for=document.tuned_for,
        when=document.when,
        conditions=document.conditions,
        applies_to=applies_to,
        examples=document.examples,
        source=label,
        text=text,
    )


def _messages(source: Source, error: ValidationError) -> Iterable[str]:
    """Pydantic's findings in the words of a rule author, each with its place."""
    for finding in error.errors(include_url=False):
        path, kind = finding["loc"], finding["type"]
        context = finding.get("ctx", {})
        if kind == "too_short" and context.get("actual_length") == 0 and finding["input"]:
            # Its items were all refused, and said so.
            continue
        given = finding["input"]
        at_key = False
        if kind == "extra_forbidden":
            name = str(path[-1])
            message = f"unknown key '{name}'{did_you_mean(name, _known_keys(path[:-1]))}"
            at_key = True
        elif kind == "missing":
            message = f"the key '{path[-1]}' is missing"
        elif kind in ("enum", "literal_error"):
            message = f"'{given}' is not known{did_you_mean(str(given), _choices(context))}"
        elif kind == "value_error":
            message = str(context["error"])
        elif kind == "string_type":
            message = f"must be text; put {given!r} in quotation marks" if not _is_group(given) else "must be text"
        elif kind == "string_pattern_mismatch":
            message = f"'{given}' is not in kebab case: small letters, digits and single hyphens, as in long-silence"
        elif kind in ("model_type", "model_attributes_type", "dict_type", "mapping_type"):
            message = f"must be keys with values, not {given!r}"
        else:
            message = finding["msg"][0].lower() + finding["msg"][1:]
        yield source.problem(path, message, at_key=at_key)


def _is_group(value: object) -> bool:
    return isinstance(value, dict | list)


def _choices(context: dict[str, Any]) -> list[str]:
    """The names in pydantic's ``'a', 'b' or 'c'``."""
    return str(context.get("expected", "")).split("'")[1::2]


def _known_keys(path: Sequence[str | int]) -> list[str]:
    """The keys that are allowed at a place in a rule file."""
    model: type[BaseModel] = RuleDocument
    for step in path:
        field = next(
            (f for name, f in model.model_fields.items() if step in (name, f.alias)),
            None,
        )
        if field is not None:
            inner = _model_in(field.annotation)
            model = inner if inner is not None else model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model in a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
