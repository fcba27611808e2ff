"""The command line of docs/design.md §10: thin commands over the Python interface."""

from __future__ import annotations

import os
import re
import sys
from typing import Any, NoReturn

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from llm_explain.cli import (
    agents,
    artifacts,
    batching,
    campaigning,
    cataloguing,
    chatting,
    churning,
    demanding,
    evaluating,
    explaining,
    importing,
    models,
    phrasebooks,
    prompting,
    recommending,
    relating,
    serving,
    state,
    training,
    tuning,
)
from llm_explain.cli.console import ERR
from llm_explain.errors import LlmExplainError, SettingError


class _Commands(TyperGroup):
    """Every command; a wrong option is an error like any other."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command.

        Args:
            ctx: The parsed command line.

        Returns:
            What the command returns.

        Raises:
            SettingError: If the value of an option is missing or wrong.
        """
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            command = error.ctx.command_path if error.ctx else "llm-explain"
            raise SettingError(f"{_wrong(error)} Correct it; `{command} --help` lists the options.") from error


def _wrong(error: typer.BadParameter) -> str:
    """Return which option is wrong, what it is and what it must be."""
    if error.param is None or not isinstance(error.__cause__, ValidationError):
        return error.format_message()
    first = error.__cause__.errors()[0]
    needed = re.sub(r"^(?:Value error, .* is not|Input should be) ", "", first["msg"]).partition(", unable")[0]
    return f"{error.param.opts[0]} is {first['input']!r} but must be {needed.rstrip('.')}."


app = typer.Typer(
    name="llm-explain",
    cls=_Commands,
    help="Say truthfully, in one natural sentence, why an item is recommended.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(importing.app, name="import")
app.add_typer(artifacts.app, name="artifacts")
app.add_typer(campaigning.app, name="campaign")
app.add_typer(cataloguing.app, name="catalogue")
app.add_typer(evaluating.app, name="evaluate")
app.add_typer(demanding.app, name="demand")
app.add_typer(state.state_app, name="state")
app.add_typer(state.keys_app, name="keys")
app.add_typer(state.feedback_app, name="feedback")
app.add_typer(prompting.app, name="prompts")
app.add_typer(phrasebooks.app, name="phrasebook")
app.add_typer(churning.app, name="churn")
app.command("train")(training.train)
app.command("tune")(tuning.tune)
app.command("recommend")(recommending.recommend)
app.command("batch")(batching.batch)
app.command("explain")(explaining.explain)
app.command("shelf")(explaining.shelf)
app.command("whatif")(explaining.whatif)
app.command("contrast")(explaining.contrast)
app.command("similar")(relating.similar)
app.command("complete")(relating.complete)
app.command("models")(models.models)
app.command("chat")(chatting.chat)
app.command("mcp")(agents.mcp)
app.command("serve")(serving.serve)


def main() -> None:
    """Run the command line; an expected error is one line on stderr and exit status 1."""
    # Idle OpenMP threads sleep. By default they spin, and each spinning thread slows other processes of the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        app(prog_name="llm-explain")
    except LlmExplainError as error:
        _stop(str(error))
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        _stop(
            f"{error.filename or 'a file'} cannot be used ({error.strerror or error}) but a file or folder that can be "
            "read and written is needed. Check the path and its permissions."
        )


def _stop(message: str) -> NoReturn:
    """Write one line on an error and leave with status 1."""
    ERR.print(f"error: {message}", style="red", markup=False, highlight=False)
    sys.exit(1)
