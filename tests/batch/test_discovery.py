"""Finding recordings and joining them with the manifest."""

from pathlib import Path

import pytest

from pipeline.batch.discovery import discover
from pipeline.batch.manifest import read_manifest
from pipeline.domain.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    calls = tmp_path / "calls"
    for name in ("b.wav", "a.MP3", "sub/c d'\"名.opus", ".hidden.wav", ".trash/x.wav", "notes.txt", "labels.jsonl"):
        file = calls / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return calls


def manifest(folder, *paths):
    file = folder / "manifest.csv"
    file.write_text("\n".join(["recording", *(f'"{path}"' for path in paths)]) + "\n")
    return read_manifest(file, timezone="Asia/Shanghai")


def names(discovery):
    return [file.name for file in discovery.files]


def test_missing_path(folder):
    with pytest.raises(ConfigError, match=r"no such file or folder: .*none"):
        discover([folder, folder / "none"], None)


def test_folder(folder):
    discovery = discover([folder], None)
    assert names(discovery) == ["a.MP3", "b.wav", "c d'\"名.opus"]
    assert all(Path(file.location).is_absolute() for file in discovery.files)
    (problem,) = discovery.problems
    assert not problem.is_error
    assert problem.message == "files that are no recordings were passed over: 1 .jsonl, 1 .txt"


def test_a_file_named_itself_is_always_tried(folder):
    assert names(discover([folder / "notes.txt"], None)) == ["notes.txt"]


def test_the_same_file_twice_is_found_once(folder):
    assert names(discover([folder, folder / "b.wav", folder / "sub" / ".." / "b.wav"], None)).count("b.wav") == 1


def test_a_link_that_leads_to_itself_stops_nothing(folder):
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "loop.wav").symlink_to(folder / "loop.wav")
    assert names(discover([folder], manifest(folder, "b.wav"))) == ["a.MP3", "b.wav", "loop.wav", "c d'\"名.opus"]


def test_a_manifest_of_another_night_is_not_said_a_thousand_times(folder):
    for number in range(30):
        (folder / f"n{number}.wav").write_bytes(b"x")
    problems = discover([folder], manifest(folder, "b.wav")).problems
    assert sum("no row in" in problem.message for problem in problems) == 10
    assert any(problem.message == "has no row for 22 more files either" for problem in problems)


def test_row_without_file_and_file_without_row(folder):
    discovery = discover([folder], manifest(folder, "b.wav", "gone.wav"))
    messages = {problem.where: problem.message for problem in discovery.problems if problem.is_error}
    assert "is not there" in messages["manifest.csv row 3"]
    assert "no row in manifest.csv" in messages[str(folder / "a.MP3")]
    assert [file.row is not None for file in discovery.files] == [False, True, False]


def test_row_outside_the_paths(folder):
    discovery = discover([folder / "sub"], manifest(folder, "b.wav"))
    assert any("lies outside the given paths" in problem.message for problem in discovery.problems)


def test_two_rows_for_one_file(folder):
    discovery = discover([folder], manifest(folder, "b.wav", "./b.wav"))
    assert any("is the file of manifest.csv row 2" in problem.message for problem in discovery.problems)


def test_manifest_elsewhere_with_paths_relative_to_the_folder(folder, tmp_path):
    elsewhere = tmp_path / "lists"
    elsewhere.mkdir()
    discovery = discover([folder], manifest(elsewhere, "b.wav", str(folder / "a.MP3"), 'sub/c d\'""名.opus'))
    assert [problem.message for problem in discovery.problems if problem.is_error] == []
    assert all(file.row for file in discovery.files)


def test_the_same_row_twice(folder):
    discovery = discover([folder], manifest(folder, "b.wav", "b.wav"))
    assert any("is the file of manifest.csv row 2; this row" in problem.message for problem in discovery.problems)


def test_without_a_path_all_that_the_manifest_names_is_taken(folder):
    discovery = discover([], manifest(folder, "b.wav", "sub/../a.MP3", "gone.wav"))
    assert names(discovery) == ["a.MP3", "b.wav", "gone.wav"]
    assert all(file.row for file in discovery.files)


def test_found_in_more_than_one_piece(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.batch.inventory.BATCH", 7)
    for number in range(30):
        (tmp_path / f"n{number:02}.wav").touch()
    discovery = discover([tmp_path], None)
    assert (len(discovery.files), names(discovery)) == (30, [f"n{number:02}.wav" for number in range(30)])
