"""Keys and feedback on the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.errors import SettingError
from llm_explain.state import State
from llm_explain.state.feedback import Opinion
from llm_explain.state.records import GivenAnswer
from llm_explain.state.users import now

RUN = CliRunner()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state.db'}"


def _run(*arguments: str) -> str:
    result = RUN.invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_state_that_does_not_exist_is_refused_and_not_created(url: str, tmp_path: Path) -> None:
    for arguments in (["feedback", "report"], ["keys", "list"], ["keys", "create", "--name", "x"]):
        with pytest.raises(
            SettingError, match=r"the state .*state\.db does not exist but one that the service made is"
        ):
            RUN.invoke(app, [*arguments, "--state", url], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "state.db").touch()
    with pytest.raises(SettingError, match=r"the state .*state\.db does not exist but one that the service made is"):
        RUN.invoke(app, ["keys", "list", "--state", url], catch_exceptions=False)
    assert (tmp_path / "state.db").stat().st_size == 0


def test_a_key_is_made_listed_and_revoked(url: str) -> None:
    key = _run("keys", "create", "--name", "web shop", "--scope", "admin", "--state", url, "--new").strip()
    state = State(url)
    (found,) = state.keys.all()
    assert (found.id, found.name, found.scope) == (state.keys.id_of(key), "web shop", "admin")
    (listed,) = [json.loads(line) for line in _run("keys", "list", "--state", url, "--json").splitlines()]
    assert (listed["id"], listed["scope"], listed["revoked_at"]) == (found.id, "admin", None)
    _run("keys", "revoke", found.id, "--state", url)
    assert state.keys.in_force() == {}
    assert "yes" in _run("keys", "list", "--state", url)
    state.close()


def test_a_scope_or_name_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="--scope is 'root' but must be one of 'storefront', 'admin'"):
        _run("keys", "create", "--name", "x", "--scope", "root", "--state", url)
    with pytest.raises(SettingError, match="--name has 0 characters but 1 to 64 are needed"):
        _run("keys", "create", "--name", "", "--state", url)


def test_the_report_names_what_people_reject(url: str) -> None:
    state = State(url)
    assert state.records.save(GivenAnswer("u", {}, [{"id": "a" * 24}], 0)).result()
    opinion = Opinion(
        explanation_id="a" * 24, user_id="u", item_id="31", verdict="not_helpful", kind=None, player=None,
        kinds=("due",), skeleton="Soon again: {item}.", source="template", locale="en",
    )  # fmt: skip
    state.feedback.add(opinion, [])
    state.close()
    rows = [json.loads(line) for line in _run("feedback", "report", "--state", url, "--json").splitlines()]
    assert [(row["of"], row["name"], row["not_helpful"]) for row in rows] == [
        ("kind", "due", 1), ("skeleton", "Soon again: {item}.", 1),
    ]  # fmt: skip
    assert "Soon again" in _run("feedback", "report", "--state", url)


def _with_a_list(url: str, user_id: str, name: str) -> None:
    state = State(url)
    assert state.records.save(GivenAnswer(user_id, {}, [{"id": name * 24}], 0)).result()
    state.users.prefer(user_id, {"personalised": False}, expects=lambda _: True)
    state.close()


def test_old_records_are_pruned_and_preferences_stay(url: str) -> None:
    _with_a_list(url, "u", "a")
    state = State(url)
    with state.database.writing() as connection:
        connection.execute(text("UPDATE answer SET created_at = '2020-01-01 00:00:00.000000'"))
    state.close()
    _with_a_list(url, "v", "b")
    before = json.loads(_run("state", "info", "--state", url, "--json"))
    assert (before["lists"], before["oldest"]) == (2, "2020-01-01T00:00:00")
    _run("state", "prune", "--older-than", "90", "--compact", "--state", url)
    state = State(url)
    assert state.records.find("a" * 24) is None
    assert state.records.find("b" * 24) is not None
    assert state.users.read("u").personalised is False
    state.close()


def test_a_backup_brings_back_what_was_stored_but_nobody_who_was_erased(url: str, tmp_path: Path) -> None:
    for user_id, name in (("stays", "a"), ("erased", "b")):
        _with_a_list(url, user_id, name)
    file = tmp_path / "backup.db"
    _run("state", "backup", str(file), "--state", url)
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingError, match=r"backup\.db exists but a new file is needed for a backup"):
        _run("state", "backup", str(file), "--state", url)
    state = State(url)
    for user_id in ("erased", "of the artifacts"):
        state.users.erase(user_id)
    hashes = {state.users.user_hash(user_id) for user_id in ("erased", "of the artifacts")}
    state.records.prune(now() + timedelta(days=1))
    state.close()
    _run("state", "restore", str(file), "--state", url)
    state = State(url)
    assert state.records.find("a" * 24) is not None
    assert state.records.find("b" * 24) is None
    assert state.users.read("erased").personalised is True
    assert set(state.users.erased()) == hashes
    assert state.database.file is not None
    assert state.database.file.stat().st_mode & 0o777 == 0o600
    state.close()


def test_a_key_that_was_revoked_after_a_backup_stays_revoked(url: str, tmp_path: Path) -> None:
    state = State(url)
    leaked, kept = (state.keys.id_of(state.keys.create(name, "admin")) for name in ("leaked", "kept"))
    state.close()
    _run("state", "backup", str(tmp_path / "backup.db"), "--state", url)
    _run("keys", "revoke", leaked, "--state", url)
    _run("state", "restore", str(tmp_path / "backup.db"), "--state", url)
    state = State(url)
    assert [*state.keys.in_force()] == [kept]
    state.close()


def test_a_backup_of_another_state_cannot_undo_erasures(url: str, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    State(f"sqlite:///{other}").close()
    state = State(url)
    state.users.erase("u")
    state.close()
    with pytest.raises(SettingError, match=r"other\.db is the backup of another state but users were erased"):
        _run("state", "restore", str(other), "--state", url)
