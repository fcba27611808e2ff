"""Settings of the service, from the environment (``LLM_EXPLAIN_PORT=80``) or a TOML file.

Code and command line override the environment, which overrides the file that ``LLM_EXPLAIN_SETTINGS`` names. Use::

    settings = ServiceSettings.read(port=9000)   # SettingError names the field, never the value
    settings.masked()                        # for printing
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError

from llm_explain.errors import SettingError
from llm_explain.service.schemas.requests import Sources
from llm_explain.skeletons.sources import DEFAULT_ORDER
from llm_explain.state.keys import Scope

PREFIX = "LLM_EXPLAIN_"

FILE_VARIABLE = "LLM_EXPLAIN_SETTINGS"
"""Environment variable that names the settings file."""

Seconds = Annotated[float, Field(gt=0, le=3600)]
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(ge=0)]
OptionalPath = Annotated[Path | None, BeforeValidator(lambda value: value or None)]
Key = Annotated[SecretStr, Field(min_length=32, max_length=512)]


class ServiceSettings(BaseSettings):
    """Settings of the HTTP service.

    Attributes:
        host: Address to listen on.
        port: Port to listen on; 0 for any free one.
        fd: Descriptor of an open socket to listen on instead, for a supervisor that keeps the socket.
        ready_fd: Descriptor of a pipe that gets one byte when the process serves, for a supervisor.
        workers: Processes that share the socket and, forked from one that has loaded it, the shop. They are replaced
            when ``artifacts activate`` is run, and when they die; with 0 this process serves alone.
        artifacts: Folder that ``llm-explain train`` wrote.
        policy_file: Policy that replaces ``prompts/policy.yaml``.
        shop_file: ``shop.yaml`` that replaces the one of the artifacts; what the model was trained on must be the same.
        threads: Threads of PyTorch within one request; more of them slow the requests of other processes.
        cached_users: Known users whose reading is kept in memory.
        churn_artifacts: Folder that ``llm-explain churn train`` wrote; without it ``/v1/churn`` answers no-churn-model.
        churn_data: What the churn model scores: a folder of ``llm-explain import``, or a file of customers.
        demand_artifacts: Folder that ``llm-explain demand train`` wrote, for ``/v1/demand``.
        database_url: SQLAlchemy URL; a SQLite file in the working directory by default.
        auth: Whether requests need an API key.
        as_of: Time that answers speak of when a request names none: ``now``, or ``snapshot`` for the time of the
            artifacts' statistics. A user's latest event counts in both, unless it lies in the future.
        demo_shop: Whether the demo shop answers at ``/``.
        cors_origins: Origins that browsers may call from; none by default. Browsers send user tokens, never keys.
        trusted_proxies: Addresses or networks whose ``X-Forwarded-For`` names the client.
        language_model: Folder, hub id or ``auto`` for weights that write sentences in a process of their own; ``None``
            for phrasebook and templates only.
        sources: Where sentences come from, first to last, ``template`` at the end; a request may name its own order.
        log_level: Least level of log lines.
        deadline_seconds: How long a request may take when it names no deadline.
        longest_deadline_seconds: The longest deadline that a request may name.
        body_seconds: How long a client may take to send a request's body.
        keep_alive_seconds: How long an idle connection stays open.
        lame_duck_seconds: After SIGTERM, how long the process accepts connections while a load balancer notices; 0 with
            ``fd``.
        drain_seconds: After that, how long running requests may take.
        max_running: Requests that compute at a time in this process; Python computes one at a time, so more of them
            only slow each other. A request that waits for storage or a language model does not count.
        max_waiting: Requests that may wait for a place.
        max_connections: Connections that may be open at a time; uvicorn answers 503 beyond.
        max_body_bytes: Largest request body.
        max_depth: Deepest nesting of a JSON body.
        max_list: Longest JSON array or object in a body.
        rate_per_second: Requests a second that one API key may send in the long run; 0 for no limit.
        rate_burst: Requests that one API key may send at once.
        user_rate_per_second: Requests a second that the tokens of one user may send.
        user_rate_burst: Requests that the tokens of one user may send at once.
        failure_rate_per_second: Requests a second without a valid key that one address may send before they get 429;
            requests with a valid key do not count and are not refused.
        failure_rate_burst: Such requests at once.
        rate_keys: Keys, users and addresses whose rate is remembered at a time, of each sort.
        metrics_token: Bearer token that ``/metrics`` asks for, at least 16 characters; if none is set, it asks for an
            API key.
        record_share: Share of the lists whose records are stored: 1 for all, 0 for none. The same list is stored
            always or never. Feedback and audit need the record.
        record_days: Explanation records older than this are removed when the process starts.
        key_pepper: Secret that is mixed into the hashes of API keys and into the signatures of user tokens.
        admin_key: An admin's API key that is good without being stored, for a container; at least 32 characters.
        storefront_key: The same for a storefront.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    fd: Annotated[int, Field(ge=0)] | None = None
    ready_fd: Annotated[int, Field(ge=0)] | None = None
    workers: Annotated[int, Field(ge=0, le=64)] = 0
    artifacts: Path = Path("artifacts/completejourney")
    policy_file: OptionalPath = None
    shop_file: OptionalPath = None
    threads: Count = 1
    cached_users: Count = 128
    churn_artifacts: OptionalPath = None
    churn_data: Path = Path("data/completejourney")
    demand_artifacts: OptionalPath = None
    database_url: SecretStr = SecretStr("sqlite:///llm-explain.db")
    auth: bool = True
    as_of: Literal["now", "snapshot"] = "now"
    demo_shop: bool = False
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    language_model: str | None = None
    sources: Sources = DEFAULT_ORDER
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    deadline_seconds: Seconds = 1.0
    longest_deadline_seconds: Seconds = 10.0
    body_seconds: Seconds = 10.0
    keep_alive_seconds: Annotated[int, Field(ge=1, le=600)] = 30
    lame_duck_seconds: Annotated[float, Field(ge=0, le=600)] = 3.0
    drain_seconds: Seconds = 20.0
    max_running: Count = 1
    max_waiting: Count = 16
    max_connections: Count = 2000
    max_body_bytes: Count = 1_000_000
    max_depth: Count = 16
    max_list: Count = 10_000
    rate_per_second: Rate = 100.0
    rate_burst: Count = 200
    user_rate_per_second: Rate = 5.0
    user_rate_burst: Count = 30
    failure_rate_per_second: Rate = 1.0
    failure_rate_burst: Count = 30
    rate_keys: Count = 10_000
    record_share: Annotated[float, Field(ge=0, le=1)] = 1.0
    record_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    key_pepper: SecretStr = SecretStr("")
    admin_key: Key | None = None
    storefront_key: Key | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, strongest first."""
        file = os.environ.get(FILE_VARIABLE)
        sources = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(file))) if file else sources

    @classmethod
    def read(cls, **given: Any) -> ServiceSettings:
        """Return the settings of this process.

        Args:
            **given: What the command line sets; ``None`` leaves a setting to the environment and the file.

        Returns:
            Settings.

        Raises:
            SettingError: If a value cannot be used, an unknown setting is named, or the file cannot be read.
        """
        file = os.environ.get(FILE_VARIABLE)
        if file and not Path(file).is_file():
            raise SettingError(f"{FILE_VARIABLE} is {file!r} but a TOML file is needed. Write one, or unset it.")
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise SettingError("; ".join(_said(each) for each in error.errors(include_input=False))) from None
        except SettingsError as error:
            raise SettingError(
                f'a variable LLM_EXPLAIN_… is no JSON ({error}) but a list needs it. Write it as ["lm", "template"].'
            ) from error
        except ValueError as error:  # the file is no TOML
            raise SettingError(f"{FILE_VARIABLE} names a file that is no TOML ({error}). Mend it.") from error

    def fixed_keys(self) -> dict[Scope, str]:
        """Return the keys that the settings hold, by scope."""
        found: dict[Scope, SecretStr | None] = {"admin": self.admin_key, "storefront": self.storefront_key}
        return {scope: key.get_secret_value() for scope, key in found.items() if key is not None}

    def masked(self) -> dict[str, Any]:
        """Return the settings for printing; secrets are masked, a database URL keeps its kind alone."""
        shown = self.model_dump(mode="json")
        scheme, _, rest = self.database_url.get_secret_value().partition(":")
        is_local = scheme.startswith("sqlite") and "@" not in rest
        return {**shown, "database_url": f"{scheme}:{rest if is_local else '**********'}"}


def _said(error: Any) -> str:
    """Return what is wrong with one setting, without its value."""
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return f"setting {name!r} is unknown but only documented settings are taken. See ServiceSettings."
    return f"setting {name!r} is not usable: {error['msg']}. Set {PREFIX}{name.upper()} or the file's {name!r}."
