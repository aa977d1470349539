"""Sampling plans from YAML files, every problem of a file reported at once."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from pipeline.domain.errors import ConfigError
from pipeline.domain.results import BilingualText
from pipeline.domain.sampling import Part, PartKind, Plan
from pipeline.sampling.complaints import read_complaints
from pipeline.sampling.document import AUDIT, PlanDocument, TargetedDocument
from pipeline.text.placed_yaml import Source, in_order, messages, parse, read

NO_PATH = "name a list in the desk's folder of plans (setting sampling_plans), without a path"


class PlanError(ConfigError):
    """A sampling plan cannot be used. ``problems`` holds every problem of the file, not just the first."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def load_plan(path: Path) -> Plan:
    """The plan in the file. Complaint lists are looked for beside it.

    Raises:
        PlanError: the file cannot be read or is no plan; all problems are in it.
    """
    source = read(path)
    # What cannot be read has that as its problem.
    content = path.read_bytes() if source.root is not None else b""
    return _plan(source, content, lambda file: path.parent / file)


def parse_plan(text: str, *, label: str, folder: Path | None) -> Plan:
    """The plan in a text that somebody wrote into a form; problems call it ``label``.

    Complaint lists are looked for in ``folder``, by their names alone: whoever fills in a form is not to find out what
    else lies on the machine.

    Raises:
        PlanError: it is no plan; all problems are in it.
    """

    def lies(file: Path) -> Path | None:
        return folder / file if folder is not None and file.name == str(file) else None

    return _plan(parse(text, label), text.encode(), lies)


def _plan(source: Source, content: bytes, lies: Callable[[Path], Path | None]) -> Plan:
    """The plan that was read. ``lies``: where a list is, ``None`` where it may not be looked for."""
    found = list(source.problems)
    document = None
    if source.root is not None:
        found.extend(_no_audit(source))
        found.extend(_repeated(source))
        try:
            document = PlanDocument.model_validate(source.value)
        except ValidationError as error:
            found.extend(messages(source, error))
    if document is None or document.audit is None:
        raise PlanError(in_order(dict.fromkeys(found), source.label))
    digest = hashlib.sha256(content)
    parts, remarks = _parts(document, lies, source, found, digest)
    if found:
        raise PlanError(in_order(found, source.label))
    reviewers = document.reviewers
    return Plan(
        id=document.id,
        parts=parts,
        digest=digest.hexdigest(),
        source=content.decode("utf-8"),
        seed=document.seed,
        hours=reviewers.hours if reviewers else None,
        calls_per_hour=reviewers.calls_per_hour if reviewers else None,
        no_audit_because=document.audit.none_because,
        remarks=remarks,
    )


def _parts(
    document: PlanDocument,
    lies: Callable[[Path], Path | None],
    source: Source,
    problems: list[str],
    digest: "hashlib._Hash",
) -> tuple[tuple[Part, ...], tuple[BilingualText, ...]]:
    """The audit, then the other parts by priority; what the lists lack goes to ``problems``, what they hold into the
    digest."""
    parts: list[Part] = []
    remarks: list[BilingualText] = []
    for position, one in enumerate(document.parts):
        part = one.part(position + 1)
        if isinstance(one, TargetedDocument) and one.file is not None and one.column is not None:
            place = lies(one.file)
            read_list = read_complaints(place, one.column) if place is not None else (frozenset[str](), NO_PATH, ())
            listed, problem, passed_over = read_list
            remarks += passed_over
            if problem is not None:
                problems.append(source.problem(("parts", position, "file"), problem))
            digest.update("\n".join(sorted(listed)).encode())
            assert part.target is not None
            part = replace(part, target=replace(part.target, values=listed))
        parts.append(part)
    audit = document.audit
    assert audit is not None
    first = [Part(AUDIT, PartKind.AUDIT, audit.n, audit.share, 0, by=audit.by or ())]
    ordered = sorted(parts, key=lambda part: part.priority)
    return (*([] if audit.none_because else first), *ordered), tuple(remarks)


def _no_audit(source: Source) -> Iterator[str]:
    if isinstance(source.value, dict) and "audit" not in source.value:
        yield source.problem(
            (),
            "a plan has a random audit of unflagged calls: without it nobody knows what rules miss. Write"
            " 'audit: {n: 40}', or 'audit: {none_because: …}' with the reason",
        )


def _repeated(source: Source) -> Iterator[str]:
    parts = source.value.get("parts") if isinstance(source.value, dict) else None
    seen = {AUDIT}
    for position, part in enumerate(parts if isinstance(parts, list) else ()):
        name = part.get("name") if isinstance(part, dict) else None
        if isinstance(name, str):
            if name in seen:
                yield source.problem(("parts", position, "name"), f"the name '{name}' is given twice; names are unique")
            seen.add(name)
