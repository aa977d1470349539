"""Rule files out of git."""

import subprocess

import pytest

from pipeline.domain.errors import ConfigError
from pipeline.evaluation.revisions import files_at


@pytest.fixture
def repository(tmp_path):
    folder = tmp_path / "repo" / "packs" / "site"
    (folder / "more").mkdir(parents=True)
    git(tmp_path / "repo", "init", "--quiet")
    (folder / "规则.yaml").write_text("id: 一\n", encoding="utf-8")
    (folder / "more" / "b.yml").write_text("", encoding="utf-8")
    (folder / "notes.txt").write_text("no rule")
    (folder.parent / "other.yaml").write_text("of another pack")
    commit(tmp_path / "repo")
    (folder / "规则.yaml").write_text("id: 二\n", encoding="utf-8")
    return folder


def git(folder, *arguments):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def commit(folder):
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "state")


def test_files_as_they_were(repository, tmp_path):
    first = [("HEAD:site/more/b.yml", ""), ("HEAD:site/规则.yaml", "id: 一\n")]
    assert files_at([repository], "HEAD", standard=tmp_path) == first
    (repository / "c.yaml").write_text("new")
    commit(repository)
    assert [text for _, text in files_at([repository], "HEAD", standard=tmp_path)] == ["new", "", "id: 二\n"]
    assert [text for _, text in files_at([repository], "HEAD~1", standard=tmp_path)] == ["", "id: 一\n"]


def test_a_folder_that_came_later_had_no_rules(repository, tmp_path):
    later = repository.parent / "later"
    later.mkdir()
    (later / "a.yaml").write_text("x")
    commit(repository.parent)
    assert files_at([later], "HEAD~1", standard=tmp_path) == []


@pytest.mark.parametrize("revision", ["nowhere", "--help", "HEAD:packs", ""])
def test_no_such_revision(repository, tmp_path, revision):
    with pytest.raises(ConfigError, match="neither a folder nor a git revision"):
        files_at([repository], revision, standard=tmp_path)


def test_a_folder_outside_of_git(tmp_path):
    (tmp_path / "a.yaml").write_text("x")
    with pytest.raises(ConfigError, match="is not in git; name the older version as a folder"):
        files_at([tmp_path], "HEAD", standard=tmp_path / "standard")


def test_a_standard_pack_outside_of_git_has_not_changed(tmp_path):
    (tmp_path / "a.yaml").write_text("x")
    assert [text for _, text in files_at([tmp_path], "HEAD", standard=tmp_path)] == ["x"]
