"""``churn``: who is about to leave or to spend much less, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, end_audit, note, progress, write_json_lines
from llm_explain.errors import SettingError
from llm_explain.text.name_cleaning import write_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.jobs.churn.job import ChurnJob, UserActions
    from llm_explain.records import Explanation
    from scoring.churn.setting import ChurnSetting

app = typer.Typer(help="Score the risk of churn, and say what drives it.", no_args_is_help=True)

DEFAULT_ARTIFACTS = Path("artifacts/churn")
DEFAULT_DATA = Path("data/completejourney")
LEAST_AUC = 0.6
"""A lower area under the curve makes a note."""

Artifacts = Annotated[Path, typer.Option("--artifacts", metavar="DIR", help="Folder that `churn train` wrote.")]
Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="Tables that `llm-explain import` wrote.")]
Features = Annotated[
    Path | None,
    typer.Option("--features", metavar="FILE", help="A table of customers (CSV, Parquet or Excel) in place of events."),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="TIME", help="Only events before it count; the log's end if not given.")
]


@app.callback()
def churn() -> None:
    """Score the risk of churn, and say what drives it."""


@app.command("train")
def train(
    data: Data = DEFAULT_DATA,
    artifacts: Artifacts = DEFAULT_ARTIFACTS,
    features: Features = None,
    label: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Column of --features that says who churned.")
    ] = None,
    positive: Annotated[str | None, typer.Option(metavar="VALUE", help="Its value for churn; yes, true or 1.")] = None,
    id_column: Annotated[
        str | None, typer.Option("--id", metavar="COLUMN", help="Column of the customers' ids.")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Column not to use; repeatable.")] = None,
    target: Annotated[
        Literal["spending", "silence"],
        typer.Option(help="spending: at most --share of the usual; silence: no purchase."),
    ] = "spending",
    days: Annotated[
        int | None,
        typer.Option(min=1, help="Days ahead that the target looks at; 56 if not given, or more if users buy rarely."),
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="Share of the usual spending that counts as churn.")
    ] = 0.5,
    test: Annotated[
        str | None, typer.Option(metavar="TIME", help="Moment of the test; --days before the log's end if not given.")
    ] = None,
    cutoff: Annotated[list[str] | None, typer.Option(metavar="TIME", help="A training moment; repeatable.")] = None,
    noun: Annotated[Literal["customer", "household"], typer.Option(help="What a user is called.")] = "customer",
    json: options.Json = False,
) -> None:
    """Fit a risk model, compare it with baselines on later data, and write artifacts."""
    from llm_explain.jobs.churn.training import train_customers, train_events
    from scoring.churn.artifacts import Labels
    from scoring.churn.setting import ChurnSetting

    words = Labels(noun=noun)
    with progress() as report:
        if features is not None:
            if label is None:
                raise SettingError("--features is given without --label but a label is needed. Name its column.")
            found = train_customers(
                features, artifacts, label=label, positive=positive, id_column=id_column, exclude=exclude or (),
                labels=words, progress=report,
            )  # fmt: skip
        else:
            setting: ChurnSetting = ChurnSetting.model_validate(
                {"target": target, "share": share, **({} if days is None else {"horizon_days": days})}
            )
            found = train_events(
                data, artifacts, setting, test=options.moment(test),
                given=[options.moment(each) for each in cutoff or ()], labels=words, progress=report,
                finds_days=days is None,
            )  # fmt: skip
    for line in found.notes:
        note(line)
    if json:
        write_json_lines([found.figures])
        return
    figures = found.figures
    table = Table(
        "score", "AUC", title=f"{figures['n_test']:,} test rows, {figures['base_rate']:.1%} churn", title_justify="left"
    )
    for name, value in {"llm-explain": figures["auc"], **figures["baselines"]}.items():
        table.add_row(name, f"{value:.3f}")
    OUT.print(table)
    note(f"calibration error {figures['ece']:.3f}; artifacts in {artifacts.resolve()}")
    if figures["auc"] < LEAST_AUC:
        note(f"an AUC of {figures['auc']:.3f} is little better than chance (0.5): do not act on single risks")


@app.command("score")
def score(
    data: Data = DEFAULT_DATA,
    artifacts: Artifacts = DEFAULT_ARTIFACTS,
    features: Features = None,
    as_of: AsOf = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write user_id, risk and usual_spending (with prices) as CSV or Parquet."),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many of the highest risks to print.")] = 20,
    json: options.Json = False,
) -> None:
    """Score every user, the highest risk first."""
    import pandas as pd

    job = _job(artifacts, data, features, as_of)
    usual = {} if job.usual_spending is None else {"usual_spending": job.usual_spending}
    frame = pd.DataFrame({"user_id": job.user_ids, "risk": job.risk, **usual})
    frame = frame.sort_values("risk", ascending=False, kind="stable")
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.suffix == ".parquet":
            frame.to_parquet(out, index=False)
        else:
            write_csv(frame, out)
        note(f"{len(frame):,} risks in {out.resolve()}")
    if json:
        write_json_lines(frame.to_dict("records"))  # type: ignore[arg-type]  # columns are texts
        return
    table = Table("user", "risk")
    for row in frame.head(k).itertuples():
        table.add_row(str(row.user_id), f"{row.risk:.1%}")
    OUT.print(table)


@app.command("explain")
def explain(
    user: Annotated[list[str] | None, typer.Option("--user", metavar="U", help="A user; repeatable.")] = None,
    data: Data = DEFAULT_DATA,
    artifacts: Artifacts = DEFAULT_ARTIFACTS,
    features: Features = None,
    as_of: AsOf = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Without --user: how many users to explain.")] = 10,
    order: Annotated[
        Literal["risk", "money"], typer.Option(help="The highest risks, or risks times usual spending, first.")
    ] = "risk",
    uplift: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="An experiment; texts name an action only if it proves it for such a customer."
        ),
    ] = None,
    treatment: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column of --uplift: who received what.")
    ] = "treatment",
    control: Annotated[str, typer.Option(metavar="VALUE", help="Its value for no action.")] = "0",
    outcome: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column of --uplift: what an action should raise.")
    ] = "outcome",
    value: Annotated[str | None, typer.Option(metavar="COLUMN", help="Money in place of the outcome.")] = None,
    cost: Annotated[float, typer.Option(min=0.0, help="Cost of one action, in the money of --value.")] = 0.0,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Column of --uplift measured after the action; repeatable."),
    ] = None,
    started: Annotated[
        str | None,
        typer.Option("--experiment-at", metavar="TIME", help="With events: when the experiment of --uplift began."),
    ] = None,
    learner: Annotated[
        Literal["t", "x"] | None,
        typer.Option(help="T-learner or X-learner; the one with better held-out policies if not given."),
    ] = None,
    keep_uplift: Annotated[
        bool, typer.Option("--keep-uplift", help="Keep what --uplift proves in the artifacts, for later texts.")
    ] = False,
    uplift_out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write user_id, action, uplift and uplift_low of every user, for campaigns."),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a self-contained page.")] = None,
    audit: Annotated[bool, typer.Option("--audit", help="Repeat every fact in SQL; needs events.")] = False,
    locale: options.Locale = None,
    json: options.Json = False,
) -> None:
    """Say in one verified text what drives a user's risk, and which action is proven."""
    import numpy as np

    job = _job(artifacts, data, features, as_of)
    if order == "money" and job.usual_spending is None:
        raise SettingError("--order is money but prices of purchases are needed. Use --order risk.")
    weight = job.risk * (job.usual_spending if order == "money" and job.usual_spending is not None else 1.0)
    rows = job.rows_of(user) if user else np.argsort(-weight, kind="stable")[:k].tolist()
    actions: UserActions | None = None
    if uplift is not None:
        from llm_explain.jobs.churn.actions import ExperimentColumns

        columns = ExperimentColumns(treatment, control, outcome, value, cost, tuple(exclude or ()), learner)
        before = None if started is None else _job(artifacts, data, features, started)
        actions = job.actions(uplift, columns, before)
        _note_uplift(actions)
        if keep_uplift:
            actions.actions.save(artifacts)
            note(f"the experiment is kept in {artifacts.resolve()}; later texts use it")
    elif keep_uplift:
        raise SettingError("--keep-uplift is given without --uplift but an experiment is needed. Give its file.")
    else:
        actions = job.kept_actions(artifacts)
    if uplift_out is not None:
        if actions is None:
            raise SettingError("--uplift-out is given without --uplift but an experiment is needed. Give its file.")
        write_csv(actions.table(), uplift_out)
        note(f"uplift of {len(job.user_ids):,} users in {uplift_out.resolve()}")
    heading = job.heading(locale) if len(rows) > 1 and not json else ""
    closing = None if actions is None else actions.closing(rows)
    found = job.explain(rows, locale=locale, closing=closing, is_listed=bool(heading))
    if html is not None:
        from llm_explain.jobs.churn.report import write_report

        write_report(html, job, found, artifacts, heading=heading)
        note(f"page in {html.resolve()}")
    if json:
        write_json_lines(each.to_dict() for each in found)
    else:
        _print(found, heading)
    if audit:
        _audit(job, found, data, features)


def _audit(job: ChurnJob, found: Sequence[Explanation], data: Path, features: Path | None) -> None:
    """Repeat the facts of explanations in SQL."""
    from llm_explain.evaluation.churn_audit import fact_faults

    if features is not None:
        raise SettingError("--audit and --features are given but an audit reads events. Leave one of them out.")
    end_audit(len(found), fact_faults(job, [each.to_dict() for each in found], data, job.as_of))


def _print(found: Sequence[Explanation], heading: str) -> None:
    """Print the texts, below the heading of a table if there is one."""
    if heading:
        OUT.print(heading)
    for each in found:
        OUT.print(each.text.text if each.text else f"{each.user_id}: {each.probability:.0%}")


def _note_uplift(actions: UserActions) -> None:
    """Say which learner predicts each action, and for how many quartiles it is proven."""
    for each in actions.actions.uplifts:
        proven = sum(one.is_proven for one in each.bins)
        values = ", ".join(f"{name.upper()}-learner {value:.4f}" for name, value in each.policy_values.items())
        note(
            f"“{each.action}”: {each.model.learner.upper()}-learner, proven in {proven} of {len(each.bins)} quartiles "
            f"(mean held-out outcome of its policies: {values})"
        )


def _job(artifacts: Path, data: Path, features: Path | None, as_of: str | None) -> ChurnJob:
    """Open the artifacts on events or on a table of customers."""
    from llm_explain.jobs.churn.opening import open_churn

    if features is not None and not features.is_file():
        raise SettingError(f"--features is {features} but a file with customers is needed. Check the path.")
    return open_churn(artifacts, features or data, as_of=options.moment(as_of))
