"""``prompts``: what an editor needs who writes the files under ``prompts/``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, progress, write_json_lines

if TYPE_CHECKING:
    from llm_explain.writing.prompt_lint import Linted

app = typer.Typer(help="Work on the files under prompts/.", no_args_is_help=True)


@app.callback()
def prompts() -> None:
    """Work on the files under prompts/."""


@app.command("lint")
def lint(
    locale: Annotated[
        str | None, typer.Option("--locale", help="A folder under prompts/; all of them if not given.")
    ] = None,
    only_faults: Annotated[bool, typer.Option("--only-faults", help="Leave out sentences without a fault.")] = False,
    json: options.Json = False,
) -> None:
    """Show each sentence filled for sample claims, and every fault; exit status 1 if there is one."""
    from llm_explain.text.prompt_files import locales
    from llm_explain.writing.prompt_lint import Linter, faulty

    found: list[Linted] = []
    with progress() as report:
        for name in (locale,) if locale is not None else locales():
            found += Linter(name).check(report)
    shown = faulty(found) if only_faults else found
    if json:
        write_json_lines(each.to_dict() for each in shown)
    else:
        for each in shown:
            _print(each)
    n_faulty = len(faulty(found))
    note(f"{len(found)} checked, {n_faulty} with faults.")
    if n_faulty:
        raise typer.Exit(1)


def _print(each: Linted) -> None:
    """Print a sentence as a shopper would read it, and each fault with the place that it marks."""
    OUT.print(f"{each.where}: {each.rendered or each.text or 'read'}", markup=False, highlight=False)
    marked = each.rendered or each.text
    for fault in each.faults:
        start, end = fault.span
        OUT.print(
            f"  {fault.code} at {start}-{end} {marked[start:end]!r}: {fault.message}", markup=False, highlight=False
        )
