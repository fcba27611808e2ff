"""``artifacts``: the versions that trainings wrote, and which of them is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Column, Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, write_json_lines

if TYPE_CHECKING:
    from scoring.scorer.versions import ArtifactVersion

app = typer.Typer(help="Versions of trained artifacts.", no_args_is_help=True)

Version = Annotated[str, typer.Argument(metavar="VERSION", help="As listed.")]
_METRICS = ("recall@10", "ndcg@10", "recall@10_new")


@app.command("list")
def list_versions(artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS, json: options.Json = False) -> None:
    """List the versions, oldest first."""
    from scoring.scorer.versions import versions_of

    rows = [_row(version) for version in versions_of(artifacts)]
    if json:
        write_json_lines(rows)
        return
    table = Table(Column("version", no_wrap=True), "active", "events until", *_METRICS)
    for row in rows:
        figures = (f"{row[name]:.3f}" if row[name] is not None else "–" for name in _METRICS)
        table.add_row(row["version"], "yes" if row["active"] else "", row["as_of"], *figures)
    OUT.print(table)


@app.command("activate")
def activate_version(
    version: Version, artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS, json: options.Json = False
) -> None:
    """Let a version be read; a service with `workers` notices it and loses no request."""
    from scoring.scorer.versions import activate, versions_of

    activate(artifacts, version)
    if json:
        write_json_lines(_row(each) for each in versions_of(artifacts) if each.is_active)
        return
    note(f"{artifacts} is version {version} now.")


@app.command("diff")
def diff(
    old: Version,
    new: Version,
    users: Annotated[
        int, typer.Option(min=0, metavar="N", help="Users whose lists both versions compose; 0 for settings alone.")
    ] = 0,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    json: options.Json = False,
) -> None:
    """Show how two versions differ: data, code, settings and figures; with --users also rankings and sentences."""
    from scoring.scorer.versions import find, versions_of

    known = versions_of(artifacts)
    versions = [find(known, name, artifacts) for name in (old, new)]
    before, after = map(_flat, versions)
    rows = [
        {"name": name, "old": before.get(name), "new": after.get(name)}
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    if users:
        from llm_explain.cli.opening import open_explainer
        from llm_explain.evaluation.list_changes import list_changes

        lists = list_changes(*(open_explainer(version.folder) for version in versions), n_users=users)
        rows += [{"name": f"lists.{name}", "old": None, "new": value} for name, value in lists.items()]
    if json:
        write_json_lines(rows)
        return
    table = Table("", old, new)
    for row in rows:
        table.add_row(row["name"], *("–" if row[each] is None else str(row[each]) for each in ("old", "new")))
    OUT.print(table)


@app.command("push")
def push(
    repository: Annotated[str, typer.Argument(metavar="REPOSITORY", help="For example shop/recommender.")],
    with_tables: Annotated[
        bool, typer.Option("--with-tables", help="Upload the shop's tables too: its users, events and items.")
    ] = False,
    public: Annotated[bool, typer.Option("--public", help="A new repository is public.")] = False,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    json: options.Json = False,
) -> None:
    """Upload the model of the active version to the Hugging Face hub, without any table of the shop."""
    from llm_explain.errors import SettingError

    if with_tables and public:
        raise SettingError(
            "--with-tables and --public are both given but tables name users and must stay private. Leave one out."
        )
    from llm_explain.pretrained import PretrainedModel

    model = PretrainedModel.of_artifacts(artifacts, with_tables=with_tables)
    url = model.push_to_hub(repository, private=not public)
    if json:
        write_json_lines([{"url": url, "tables": with_tables}])
    else:
        note(f"{url} holds the model{' and the tables' if with_tables else '; no table was uploaded'}.")


def _row(version: ArtifactVersion) -> dict[str, Any]:
    test = version.metrics.get("test", {})
    return {
        "version": version.name,
        "active": version.is_active,
        "as_of": version.manifest["as_of"],
        **{name: test.get(name) for name in _METRICS},
    }


def _flat(version: ArtifactVersion) -> dict[str, Any]:
    """Return what a version was trained with and how it scored, by dotted names."""
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("trained", version.manifest), ("measured", version.metrics)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{name}.{key}", each) for key, each in value.items()]
        else:
            found[name] = value
    return found
