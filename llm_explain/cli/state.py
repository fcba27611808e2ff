"""``keys`` and ``feedback``: what the service's state holds for an operator and an editor."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, write_json_lines
from llm_explain.errors import MissingExtraError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llm_explain.cli.tallies import Tally
    from llm_explain.state import State

keys_app = typer.Typer(help="API keys of the HTTP service.", no_args_is_help=True)
state_app = typer.Typer(help="The state of the HTTP service: size, old records, backups.", no_args_is_help=True)
feedback_app = typer.Typer(help="What shoppers think of the sentences.", no_args_is_help=True)

Url = Annotated[
    str | None,
    typer.Option(
        "--state", metavar="URL", help="SQLAlchemy URL of the service's state; the service's own if not given."
    ),
]


@contextmanager
def opened(url: str | None, *, is_created: bool = False) -> Iterator[State]:
    """Open the service's state.

    Args:
        url: SQLAlchemy URL; that of the settings if not given.
        is_created: Whether a state that does not exist is created; an error if not.

    Yields:
        State: The state.
    """
    with MissingExtraError.unless_installed("the service", "serve"):
        from llm_explain.service.settings import ServiceSettings
        from llm_explain.state import State
    settings = ServiceSettings.read(database_url=url)
    pepper = settings.key_pepper.get_secret_value()
    state = State(settings.database_url.get_secret_value(), pepper=pepper, is_created=is_created)
    try:
        yield state
    finally:
        state.close()


@keys_app.command("create")
def create(
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scope: Annotated[Literal["storefront", "admin"], typer.Option(help="What the key may do.")] = "storefront",
    state: Url = None,
    new: Annotated[bool, typer.Option("--new", help="Create the state that --state names.")] = False,
) -> None:
    """Make a key and print it; it is kept as a hash and cannot be shown again."""
    if not 1 <= len(name) <= 64:
        raise SettingError(f"--name has {len(name)} characters but 1 to 64 are needed. Choose another name.")
    with opened(state, is_created=new or state is None) as keeper:
        OUT.print(keeper.keys.create(name, scope), markup=False, highlight=False)
    note("Keep it now: it cannot be shown again.")


@keys_app.command("list")
def list_keys(state: Url = None, json: options.Json = False) -> None:
    """List every key that was made, without its secret."""
    with opened(state) as keeper:
        found = keeper.keys.all()
    if json:
        write_json_lines(
            {
                "id": key.id,
                "name": key.name,
                "scope": key.scope,
                "created_at": key.created_at.isoformat(),
                "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
            }
            for key in found
        )
        return
    table = Table("id", "name", "scope", "created", "revoked")
    for key in found:
        table.add_row(key.id, key.name, key.scope, f"{key.created_at:%Y-%m-%d %H:%M}", "yes" if key.revoked_at else "")
    OUT.print(table)


@keys_app.command("revoke")
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="As listed.")], state: Url = None) -> None:
    """Make a key useless; services that trusted it do so for five more seconds."""
    with opened(state) as keeper:
        keeper.keys.revoke(key_id)
    note(f"key {key_id} is revoked.")


@state_app.command("info")
def info(state: Url = None, json: options.Json = False) -> None:
    """Show how large the state is."""
    with opened(state) as keeper:
        row = {"bytes": keeper.database.size(), **keeper.records.counts()}
    if json:
        write_json_lines([row])
        return
    note(f"{row['bytes'] / 1e6:,.1f} MB, {row['lists']:,} stored lists, the oldest from {row['oldest'] or '–'}")


@state_app.command("prune")
def prune(
    older_than: Annotated[int, typer.Option(min=1, metavar="DAYS", help="Age of what is removed.")],
    compact: Annotated[bool, typer.Option("--compact", help="Give the room back to the disk; writing waits.")] = False,
    state: Url = None,
) -> None:
    """Remove old records and idempotency keys; events, feedback and preferences stay."""
    with opened(state) as keeper:
        from llm_explain.cli.state_backup import compact as give_back
        from llm_explain.state.users import now

        before = now() - timedelta(days=older_than)
        n_lists, n_keys = keeper.records.prune(before), keeper.events.prune(before)
        if compact:
            give_back(keeper)
    note(f"{n_lists:,} lists and {n_keys:,} idempotency keys were removed.")


@state_app.command("backup")
def backup(file: Annotated[Path, typer.Argument(help="A new file.")], state: Url = None) -> None:
    """Write a copy of an SQLite state while the service runs."""
    with opened(state) as keeper:
        from llm_explain.cli.state_backup import back_up

        back_up(keeper, file)
    note(f"{file} is a backup of the state.")


@state_app.command("restore")
def restore(file: Annotated[Path, typer.Argument(help="A backup.")], state: Url = None) -> None:
    """Put a backup in the place of an SQLite state; stop the service first."""
    with MissingExtraError.unless_installed("the service", "serve"):
        from llm_explain.cli.state_backup import restore as put_back
        from llm_explain.service.settings import ServiceSettings
    url = ServiceSettings.read(database_url=state).database_url.get_secret_value()
    n_erased = put_back(file, url)
    note(f"The state is that of {file}; {n_erased:,} users who were erased since are erased again.")


@feedback_app.callback()
def feedback() -> None:
    """What shoppers think of the sentences."""


@feedback_app.command("report")
def report(state: Url = None, json: options.Json = False) -> None:
    """Show which claim kinds and which skeletons people reject, the most rejected first."""
    with opened(state) as keeper:
        from llm_explain.cli.tallies import tally_verdicts

        kinds, skeletons = tally_verdicts(keeper)
    if json:
        write_json_lines({"of": "kind", **tally.to_dict()} for tally in kinds)
        write_json_lines({"of": "skeleton", **tally.to_dict()} for tally in skeletons)
        return
    OUT.print(_table("claim kind", kinds))
    OUT.print(_table("skeleton", skeletons))


def _table(heading: str, tallies: list[Tally]) -> Table:
    table = Table(heading, "helpful", "not helpful", "wrong", "hidden")
    for tally in tallies:
        counts = (str(tally.counts[verdict]) for verdict in ("helpful", "not_helpful", "wrong", "hide_reason"))
        table.add_row(tally.name, *counts)
    return table
