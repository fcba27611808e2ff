"""Keys and feedback on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.errors import SettingError
from llm_explain.service.state import State
from llm_explain.service.state.feedback import Opinion
from llm_explain.service.state.records import GivenAnswer

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
    with pytest.raises(SettingError, match="--scope is 'root' but one of storefront, admin is needed"):
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
