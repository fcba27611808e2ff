"""``demand``: what will sell, what to order, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, end_audit, note, progress, write_json_lines
from llm_explain.errors import SettingError
from llm_explain.text.name_cleaning import write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from llm_explain.jobs.demand import DemandScene
    from scoring.demand.forecaster import Forecaster
    from scoring.demand.panel import Rows, SalesPanel

app = typer.Typer(help="Forecast demand, and say what to order and why.", no_args_is_help=True)

MOST_FUTURE_WEEKS = 26
DEFAULT_ARTIFACTS = Path("artifacts/demand")

Data = Annotated[
    Path,
    typer.Option(metavar="PATH", help="A sales table (CSV, Excel, Parquet), or a folder of `llm-explain import`."),
]
Artifacts = Annotated[Path, typer.Option("--artifacts", metavar="DIR", help="Folder that `demand train` wrote.")]
Items = Annotated[list[str] | None, typer.Option("--item", metavar="I", help="Only this item; may be repeated.")]
Stores = Annotated[list[str] | None, typer.Option("--store", metavar="S", help="Only this store; may be repeated.")]
Plans = Annotated[
    Path | None,
    typer.Option("--plans", metavar="FILE", help="Table with prices and promotions of coming weeks."),
]
WhatIf = Annotated[
    list[str] | None,
    typer.Option("--what-if", metavar="NAME=VALUE", help="Another plan, for example display=0 or price=1.99."),
]


@app.callback()
def demand() -> None:
    """Forecast demand, and say what to order and why."""


@app.command("train")
def train(
    data: Data,
    artifacts: Artifacts = DEFAULT_ARTIFACTS,
    cutoff: Annotated[
        str | None,
        typer.Option(
            metavar="WEEK",
            help="Last week or day to fit on for the metrics; default: a fifth of the weeks, at most 12, follow it.",
        ),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=MOST_FUTURE_WEEKS, help="How many weeks ahead to forecast.")] = 4,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=NAME", help="Column of the sales table; NAME promotion keeps it as one."),
    ] = None,
    min_selling_weeks: Annotated[int, typer.Option(min=1, help="Leave out items that sold in fewer weeks.")] = 1,
    by_store: Annotated[bool, typer.Option("--by-store", help="Forecast events for each store.")] = False,
    prices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Prices apart from the sales: item_id, store_id, week or date, price."),
    ] = None,
    calendar: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Events by date or week: a column of names, or columns of 0 and 1."),
    ] = None,
    country: Annotated[
        str | None, typer.Option(metavar="CODE", help="Public holidays of this country count, for example US.")
    ] = None,
    currency: Annotated[
        str, typer.Option(metavar="CODE", help="Currency of the prices, for example EUR; that of shop.yaml, if any.")
    ] = "",
    unit: Annotated[
        str, typer.Option(metavar="NAME", help="What the units of the sales are, for example oz; pieces if not given.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    json: options.Json = False,
) -> None:
    """Compare a demand model with simple forecasts, then fit it on all weeks and write artifacts."""
    from llm_explain.importers.any_table import read_any_table
    from scoring.demand.backtest import backtest, weeks_before
    from scoring.demand.calendar import Calendar, merged
    from scoring.demand.forecaster import Forecaster
    from scoring.demand.holidays import holidays_in
    from scoring.demand.model import DemandConfig
    from scoring.demand.reading import read_panel
    from scoring.demand.storage import save

    events = None if calendar is None else Calendar.of(read_any_table(calendar))
    panel = read_panel(
        data,
        mapping=_mapping(maps or []),
        by_store=by_store,
        min_selling_weeks=min_selling_weeks,
        reader=read_any_table,
        prices=None if prices is None else read_any_table(prices),
        calendar=events,
    )
    panel = replace(panel, currency=currency or panel.currency, unit=unit.strip())
    if panel.begins_on:
        note(f"the weeks begin on a {panel.begins_on}; --map COLUMN=week_end says that a day is the last of its week")
    if not panel.unit and (panel.units % 1 > 0).any():
        note("the sales are no whole numbers: --unit says in the texts what they are, for example kg or USD")
    config = DemandConfig(weeks=weeks, seed=seed)
    later = panel.extended(MOST_FUTURE_WEEKS)
    holidays = merged(holidays_in(later.weeks, country), events.in_weeks(later) if events else {})
    for name in events.left_out if events else ():
        note(f"column {name!r} of the calendar is left out: it is on in too many rows to be an event")
    with progress() as report:
        measured = backtest(panel, config, weeks_before(panel, cutoff), holidays=holidays, progress=report)
        report("fitting on all weeks", 0, 1)
        forecaster = Forecaster.fit(panel, config, holidays=holidays)
        report("fitting on all weeks", 1, 1)
    save(artifacts, forecaster, panel, measured.figures())
    for message in measured.notes:
        note(message)
    note(
        f"{measured.n_series:,} series, weeks {measured.weeks[0]} to {measured.weeks[1]}; ranges covered "
        + _shares(measured.coverage)
    )
    if measured.unplanned_wmape is not None:
        covered = _shares(measured.unplanned_coverage)
        note(
            f"without plans: WMAPE {measured.unplanned_wmape:.3f}; in the {measured.unplanned_share:.0%} of weeks with "
            f"promotions and prices as assumed, ranges covered {covered}"
        )
    if json:
        write_json_lines([measured.to_dict()])
        return
    table = Table("forecast", *(f"{ahead} weeks" for ahead in measured.wmape), title="WMAPE", title_justify="left")
    for name, row in {"llm-explain": measured.wmape, **measured.baselines}.items():
        table.add_row(name, *("–" if value is None else f"{value:.3f}" for value in row.values()))
    OUT.print(table)
    if better := measured.better_baselines():
        note(f"{' and '.join(better)} had a smaller error on these weeks: a simple forecast is enough for such sales")
    note(f"artifacts in {artifacts.resolve()}")


def _shares(coverage: Mapping[int, float]) -> str:
    return ", ".join(f"{share:.1%} ({level} %)" for level, share in coverage.items())


@app.command("forecast")
def forecast(
    artifacts: Artifacts = DEFAULT_ARTIFACTS,
    weeks: Annotated[
        int | None,
        typer.Option(min=1, max=MOST_FUTURE_WEEKS, help="How many weeks ahead; all that the model knows if not given."),
    ] = None,
    plans: Plans = None,
    what_if: WhatIf = None,
    item: Items = None,
    store: Stores = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the forecasts as Parquet and CSV files here.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture of the first series: sales, forecast, ranges, drivers.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Forecast the units of the coming weeks with 50, 80 and 95 % ranges."""
    from scoring.demand.outlook import outlook
    from scoring.demand.plans import parsed_changes

    forecaster, panel = _loaded(artifacts, plans)
    weeks = weeks or forecaster.model.config.weeks
    rows = panel.rows_of(item or (), store or ())
    found = outlook(forecaster, panel, weeks)
    frame = found.weekly
    if what_if:
        changed = outlook(forecaster, panel.extended(weeks).with_plan(parsed_changes(what_if), rows), weeks).weekly
        frame = frame.assign(units_what_if=changed["units"], difference=changed["units"] - frame["units"])
    frame = _of(frame, panel, rows)
    if frame["unknown_plan"].any():
        note("a week without a plan counts as an ordinary one, mostly without promotions; --plans tells others")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        others = {name: _of(getattr(found, name), panel, rows) for name in ("together", "series", "players")}
        for name, table in {"forecast": frame, **others}.items():
            table.to_parquet(out / f"{name}.parquet", index=False)
            write_csv(table, out / f"{name}.csv")
        note(f"forecasts of {len(rows):,} series in {out.resolve()}")
    if plot is not None:
        from llm_explain.jobs.demand.plots import save_plot

        save_plot(panel, found, frame["item_id"].iloc[0], frame["store_id"].iloc[0], plot)
        note(f"picture in {plot.resolve()}")
    if json:
        write_json_lines(_records(frame))
    elif out is None:
        _print(frame, panel.unit or "units")
    if what_if and (same := int((frame["difference"].abs() < 0.5).sum())):
        note(f"{same:,} of {len(frame):,} forecasts stay as they are: most of these weeks have that plan already")


@app.command("explain")
def explain(
    artifacts: Artifacts = DEFAULT_ARTIFACTS,
    stock: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Stock table: item_id, store_id, on_hand, lead_time_days, ….")
    ] = None,
    plans: Plans = None,
    what_if: WhatIf = None,
    item: Items = None,
    store: Stores = None,
    service_level: Annotated[
        float | None,
        typer.Option(
            min=0.5, max=0.975, help="From costs, prices and salvage values of the stock if not given, else 0.95."
        ),
    ] = None,
    overstock_weeks: Annotated[float, typer.Option(help="Stock for more weeks of expected sales is too much.")] = 12,
    dead_weeks: Annotated[int, typer.Option(min=1, help="Stock without a sale for so many weeks is dead.")] = 13,
    locale: options.Locale = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write records, and the tables that SQL proves them from, here.")
    ] = None,
    audit: Annotated[bool, typer.Option("--audit", help="Repeat every fact in SQL; needs --out.")] = False,
    json: options.Json = False,
) -> None:
    """Say what to order, or what will sell in the coming week, and why: one verified text for each series."""
    from llm_explain.importers.any_table import read_any_table
    from llm_explain.jobs.demand import DemandScene
    from llm_explain.jobs.demand import explain as explained
    from llm_explain.text.lexicon import default_locale
    from scoring.demand.outlook import outlook
    from scoring.demand.plans import parsed_changes
    from scoring.demand.stock import StockPolicy, orders, read_stock

    if audit and out is None:
        raise SettingError("--audit is given without --out but an audit reads files. Give --out DIR.")
    forecaster, panel = _loaded(artifacts, plans)
    chosen = panel.rows_of(item or (), store or ())
    weeks = forecaster.model.config.weeks
    panel = panel.extended(weeks).with_plan(parsed_changes(what_if or []), chosen)
    found = outlook(forecaster, panel, weeks)
    policy = StockPolicy(service_level=service_level, overstock_weeks=overstock_weeks, dead_weeks=dead_weeks)
    held = None if stock is None else read_stock(read_any_table(stock))
    ordered = None if held is None else orders(found, held, policy)
    if held is not None and ordered is not None and (missing := len(held) - len(ordered)):
        keys_of = held[["item_id", "store_id"]].apply(tuple, axis=1)
        first = keys_of[~keys_of.isin(ordered[["item_id", "store_id"]].apply(tuple, axis=1))].iloc[0]
        note(f"{missing:,} rows of the stock table fit no forecast (first: item {first[0]!r} in store {first[1]!r})")
    scene = DemandScene(panel, found, ordered)
    keys = set(panel.series.iloc[chosen][["item_id", "store_id"]].itertuples(index=False, name=None))
    pairs = scene.coming[["item_id", "store_id"]].itertuples(index=False, name=None)
    rows = [row for row, key in enumerate(pairs) if key in keys]
    locale = locale or default_locale(panel.locale)
    records = explained(scene, locale=locale, rows=rows)
    if out is not None:
        _write_explained(scene, records, out, is_audited=audit)
    if json:
        write_json_lines(records)
    elif out is None:
        for record in records:
            OUT.print(record["text"] or "–")


def _write_explained(scene: DemandScene, records: list[dict[str, Any]], out: Path, *, is_audited: bool) -> None:
    """Write the tables and the records, and repeat the facts in SQL if asked to."""
    from json import dumps

    scene.write(out)
    lines = [dumps(record, ensure_ascii=False) for record in records]
    (out / "explanations.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    if scene.orders is not None:
        write_csv(scene.orders, out / "orders.csv")
    note(f"{sum(bool(record['text']) for record in records):,} texts in {out.resolve()}")
    if is_audited:
        from llm_explain.jobs.demand.audit import DemandAudit

        end_audit(len(records), DemandAudit(out).faults(records))


def _mapping(maps: list[str]) -> dict[str, str]:
    pairs = [each.rpartition("=") for each in maps]
    if wrong := next((each for each, (header, _, _) in zip(maps, pairs, strict=True) if not header), None):
        raise SettingError(f"--map is {wrong!r} but COLUMN=NAME is needed. Write for example --map qty=units.")
    return {header: name for header, _, name in pairs}


def _loaded(artifacts: Path, plans: Path | None) -> tuple[Forecaster, SalesPanel]:
    """Return the forecaster and the panel with plans."""
    from llm_explain.importers.any_table import read_any_table
    from scoring.demand.plans import with_plans
    from scoring.demand.storage import load

    forecaster, panel = load(artifacts)
    return forecaster, panel if plans is None else with_plans(panel, read_any_table(plans))


def _of(frame: pd.DataFrame, panel: SalesPanel, rows: Rows) -> pd.DataFrame:
    """Return the rows of some series."""
    keys = panel.series.iloc[rows][["item_id", "store_id"]]
    return frame.merge(keys, on=["item_id", "store_id"])


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as JSON records; a missing value is left out."""
    return [
        {
            str(name): round(value, 4) if isinstance(value, float) else value
            for name, value in row.items()
            if value == value
        }
        for row in frame.to_dict("records")
    ]


def _print(frame: pd.DataFrame, unit: str) -> None:
    from llm_explain.jobs.demand.headlines import whole

    stores = ("store",) if frame["store_id"].any() else ()
    changed = ("what if", "change") if "difference" in frame else ()
    levels = (80,) if changed else (50, 80, 95)  # the others do not fit 80 columns
    table = Table("item", *stores)
    for name in ("week", unit, *(f"{level} %" for level in levels), *changed):
        table.add_column(name, no_wrap=True)
    for row in frame.to_dict("records"):
        units, other = (whole(row.get(name, 0.0)) for name in ("units", "units_what_if"))
        ranges = [f"{row[f'low_{level}']:,.0f}–{row[f'high_{level}']:,.0f}" for level in levels]
        plan = (f"{other:,}", f"{other - units:+,}") if changed else ()
        place = (row["store_id"],) if stores else ()
        table.add_row(row["title"], *place, row["week"], f"{units:,}", *ranges, *plan)
    OUT.print(table)
