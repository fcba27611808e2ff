"""Settings come from code, environment and file, in that order, and are printed without secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from llm_explain.errors import SettingError
from llm_explain.service.settings import FILE_VARIABLE, ServiceSettings

if TYPE_CHECKING:
    from pathlib import Path


def test_code_beats_the_environment_which_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "service.toml"
    file.write_text("port = 1\nmax_running = 7\nhost = '10.0.0.1'\n")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    monkeypatch.setenv("LLM_EXPLAIN_PORT", "2")
    monkeypatch.setenv("LLM_EXPLAIN_HOST", "10.0.0.2")
    monkeypatch.setenv("LLM_EXPLAIN_CHURN_ARTIFACTS", "")
    settings = ServiceSettings.read(port=3, host=None)
    assert (settings.port, settings.host, settings.max_running) == (3, "10.0.0.2", 7)
    assert settings.churn_artifacts is None, "an empty path is none"


def test_a_value_that_cannot_be_used_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXPLAIN_MAX_RUNNING", "seventeen")
    with pytest.raises(SettingError, match=r"setting 'max_running' is not usable.*LLM_EXPLAIN_MAX_RUNNING") as caught:
        ServiceSettings.read()
    assert "seventeen" not in str(caught.value)


def test_the_order_of_the_sources_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXPLAIN_SOURCES", '["lm", "template"]')
    assert ServiceSettings.read().sources == ("lm", "template")
    monkeypatch.setenv("LLM_EXPLAIN_SOURCES", '["lm"]')
    with pytest.raises(SettingError, match="setting 'sources' is not usable"):
        ServiceSettings.read()


def test_a_list_in_the_environment_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXPLAIN_CORS_ORIGINS", "https://shop.example")
    with pytest.raises(SettingError, match=r'is no JSON .*field "cors_origins".* but a list needs it'):
        ServiceSettings.read()


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "service.toml"
    file.write_text("prot = 80\n")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    with pytest.raises(SettingError, match="setting 'prot' is unknown"):
        ServiceSettings.read()


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "service.toml"
    file.write_text("port: 80\n")
    monkeypatch.setenv(FILE_VARIABLE, str(file))
    with pytest.raises(SettingError, match="names a file that is no TOML"):
        ServiceSettings.read()


def test_a_file_that_is_missing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "none.toml"))
    with pytest.raises(SettingError, match="but a TOML file is needed"):
        ServiceSettings.read()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql+psycopg://shop:hunter2@db/shop", "postgresql+psycopg:**********"),
        ("sqlite:////state/shop.db", "sqlite:////state/shop.db"),
        ("sqlite://user:hunter2@host/file", "sqlite:**********"),
    ],
)
def test_secrets_are_masked_when_settings_are_printed(url: str, shown: str) -> None:
    settings = ServiceSettings.read(database_url=url, metrics_token="hunter2" * 3, key_pepper="hunter2")
    printed = json.dumps(settings.masked())
    assert json.loads(printed)["database_url"] == shown
    assert "hunter2" not in printed + repr(settings)


def test_an_empty_token_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXPLAIN_METRICS_TOKEN", "")
    with pytest.raises(SettingError, match=r"setting 'metrics_token' is not usable.*at least 16"):
        ServiceSettings.read()


def test_the_time_that_answers_speak_of_is_now_or_the_snapshots() -> None:
    assert (ServiceSettings.read().as_of, ServiceSettings.read().threads) == ("now", 1)
    with pytest.raises(SettingError, match=r"setting 'as_of' is not usable.*'now' or 'snapshot'"):
        ServiceSettings.read(as_of="yesterday")
