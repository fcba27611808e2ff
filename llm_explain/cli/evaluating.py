"""``evaluate``: measure ranking, exactness, truth and the verifier."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, progress, write_json_lines
from llm_explain.errors import SettingError

app = typer.Typer(help="Measure ranking, explanations and texts, and write a report.", invoke_without_command=True)


@app.callback()
def evaluate(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for report.json, report.md and report.html.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Look at a tenth of everything.")] = False,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    seed: Annotated[int, typer.Option(help="Source of chance.")] = 0,
    language_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="As for recommend; sentences of templates alone if not given.")
    ] = None,
    locale: options.Locale = None,
    churn: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also report on this model of `churn train`.")
    ] = None,
    churn_data: Annotated[
        Path | None, typer.Option(metavar="PATH", help="What --churn scores: a folder of `import`, or customers.")
    ] = None,
    demand: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also report on this model of `demand train`.")
    ] = None,
    campaign: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also report on this plan of `campaign plan`.")
    ] = None,
) -> None:
    """Measure ranking, explanations and texts, and write a report."""
    if context.invoked_subcommand is not None:
        return
    if out is None:
        raise SettingError("--out is not given but the report needs a folder. Add --out DIR.")
    from llm_explain.evaluation.report import Evaluation
    from llm_explain.evaluation.sections.jobs import JobPaths

    with progress() as report:
        found = Evaluation.of(
            artifacts,
            quick=quick,
            seed=seed,
            language_model=language_model,
            locale=locale,
            progress=report,
            jobs=JobPaths(churn, churn_data, demand, campaign),
        )
        found.write(out)
    for line in found.summary:
        OUT.print(f"- {line}", markup=False, highlight=False)
    note(f"report.json, report.md and report.html are in {out}")


@app.command("ranking")
def ranking(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Tables that `llm-explain import` wrote.")],
    protocol: Annotated[
        Literal["time", "last"],
        typer.Option(help="time: events after the cut-off; last: each user's last event, new items only."),
    ] = "time",
    cutoff: Annotated[
        str | None, typer.Option(metavar="TIME", help="Start of the test for time; the last 30 days if not given.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="YAML with training settings.")] = None,
    seed: Annotated[int | None, typer.Option(help="Source of chance.")] = None,
    json: options.Json = False,
) -> None:
    """Train on the first part of a log and compare the scorer with baselines on the rest."""
    from scoring.data.tables import Tables
    from scoring.training.comparison import METRICS, compare
    from scoring.training.config import TrainConfig

    settings = TrainConfig.read(config) if config is not None else TrainConfig()
    if seed is not None:
        settings = settings.model_copy(update={"seed": seed})
    if protocol == "last" and cutoff is not None:
        raise SettingError("--cutoff is given but --protocol last has no cut-off. Leave one of them out.")
    with progress() as report:
        found = compare(
            Tables.read(data),
            settings,
            protocol=protocol,
            cutoff=options.moment(cutoff),
            progress=report,
        )
    if json:
        write_json_lines([found])
        return
    table = Table("scorer", *METRICS, title=f"{found['n_users']} test users", title_justify="left")
    for name, row in {"llm-explain": found["ours"], **found["baselines"]}.items():
        table.add_row(name, *("–" if row.get(metric) is None else f"{row[metric]:.4f}" for metric in METRICS))
    OUT.print(table)
    for metric, (value, low, high) in found["ours_minus_best"].items():
        if value is None:
            continue
        note(f"{metric}: {value:+.4f} from the best baseline (95 % interval {low:+.4f} to {high:+.4f})")


@app.command("verifier")
def verifier(
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    mutants: Annotated[int, typer.Option(min=1, help="How many true sentences are made false.")] = 20_000,
    true_texts: Annotated[int, typer.Option(min=1, help="How many true sentences are read.")] = 5_000,
    seed: Annotated[int, typer.Option(help="Source of chance.")] = 0,
    locale: options.Locale = None,
    json: options.Json = False,
) -> None:
    """Count the false sentences that the verifier catches and the true ones that it refuses."""
    from llm_explain.evaluation.true_texts import claim_requests
    from llm_explain.evaluation.verifier_check import check_verifier
    from llm_explain.explainer import Explainer
    from llm_explain.text.lexicon import load_lexicon

    explainer = Explainer.load(artifacts, language_model=None)
    shop, kinds, locale = explainer.shop, explainer.kinds, locale or explainer.locale
    with progress() as report:
        found = check_verifier(
            claim_requests(
                shop, explainer.events, load_lexicon(locale, kinds), n=4 * true_texts, seed=seed, kinds=kinds
            ),
            catalogue=shop.catalogue,
            policy=shop.policy,
            n_mutants=mutants,
            n_true_texts=true_texts,
            seed=seed,
            locale=locale,
            kinds=kinds,
            report=report,
        )
    figures = found.to_dict()
    if json:
        write_json_lines([figures])
        return
    table = Table("mutation", "mutants", "caught")
    for kind, row in figures["by_kind"].items():
        table.add_row(kind, str(row["mutants"]), str(row["caught"]))
    table.add_section()
    table.add_row("all", str(figures["mutants"]), str(figures["caught"]))
    OUT.print(table)
    OUT.print(f"{figures['refused']} of {figures['true_texts']} true sentences refused")
    told = figures["event_kinds"]
    OUT.print(f"{told['caught']} of {told['mutants']} sentences caught that tell one kind of event as another")
