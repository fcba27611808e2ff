"""``campaign plan``: whom to write to, what to offer and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, progress, write_json_lines
from llm_explain.errors import SettingError

app = typer.Typer(help="Plan campaigns with reasons and a holdout group.", no_args_is_help=True)

File = Path | None


@app.callback()
def campaign() -> None:
    """Plan campaigns with reasons and a holdout group."""


@app.command("plan")
def plan(
    consent: Annotated[Path, typer.Option(metavar="FILE", help="user_id, channel, consent (yes or no).")],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for plan.csv, plan.json, messages.csv, preview.html.")
    ],
    unsubscribe_url: Annotated[str, typer.Option(metavar="URL", help="Link with {user_id}; e-mails need it.")] = "",
    coupons: Annotated[
        File,
        typer.Option(metavar="FILE", help="coupon_id, item_id, first_day, last_day, amount_off or percent_off, code."),
    ] = None,
    users: Annotated[
        File, typer.Option(metavar="FILE", help="user_id of the users to consider; all if not given.")
    ] = None,
    suppressed: Annotated[File, typer.Option(metavar="FILE", help="user_id of users who get no message.")] = None,
    sent: Annotated[File, typer.Option(metavar="FILE", help="user_id, sent_at of earlier messages.")] = None,
    uplift: Annotated[
        File, typer.Option(metavar="FILE", help="user_id, uplift_low: lower bound of the measured effect of a message.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the campaign.")] = "campaign",
    channel: Annotated[str, typer.Option(metavar="CHANNEL", help="email, push or coupon.")] = "email",
    section: Annotated[
        str, typer.Option(metavar="SECTION", help="new (never bought), again (bought before) or mixed.")
    ] = "mixed",
    budget: Annotated[
        float | None, typer.Option(metavar="MONEY", help="Most that messages may be expected to cost.")
    ] = None,
    message_cost: Annotated[float, typer.Option(metavar="MONEY", help="Cost of one message.")] = 0.0,
    max_messages: Annotated[int | None, typer.Option(metavar="N", help="Most messages.")] = None,
    max_offers: Annotated[int, typer.Option(metavar="N", help="Most offers in a message.")] = 3,
    max_sent: Annotated[int, typer.Option(metavar="N", help="Earlier messages in --cap-days that exclude a user.")] = 1,
    cap_days: Annotated[float, typer.Option(metavar="DAYS", help="Days that --max-sent counts.")] = 7.0,
    holdout: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of the chosen users who get no message.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Seed of the holdout.")] = 0,
    artifacts: options.Artifacts = options.DEFAULT_ARTIFACTS,
    as_of: options.AsOf = None,
    locale: options.Locale = None,
    json: options.Json = False,
) -> None:
    """Say whom to write to, what to offer and why, and hold out a random group."""
    from llm_explain.campaigns.audience import Audience, read_columns
    from llm_explain.campaigns.offers import read_coupons
    from llm_explain.campaigns.output import write_plan
    from llm_explain.campaigns.plan import campaign_lines, plan_campaign
    from llm_explain.campaigns.settings import CampaignSettings
    from llm_explain.explainer import Explainer

    try:
        settings = CampaignSettings.model_validate(
            {
                "name": name, "channel": channel, "locale": locale, "section": section,
                "max_offers": max_offers,
                "max_messages": max_messages, "budget": budget, "message_cost": message_cost, "max_sent": max_sent,
                "cap_days": cap_days, "holdout": holdout, "seed": seed, "unsubscribe_url": unsubscribe_url,
            }
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the campaign"
        what = first["msg"].removeprefix("Value error, ")  # the words of pydantic before those of a validator
        option = "--unsubscribe-url" if what.startswith("unsubscribe_url") else "the option"
        raise SettingError(f"{where} is wrong: {what}. Correct {option}.") from error
    explainer = Explainer.load(artifacts, language_model=None)
    offers = [] if coupons is None else read_coupons(coupons, explainer.shop.catalogue.item_ids.tolist())
    chosen = None if users is None else read_columns(users, "user_id")["user_id"].tolist()
    with progress() as report:
        planned = plan_campaign(
            explainer,
            audience=Audience(consent, suppressed, sent, uplift),
            settings=settings,
            coupons=offers,
            user_ids=chosen,
            as_of=options.moment(as_of),
            progress=report,
        )
    files = write_plan(
        planned, out, lines=campaign_lines(explainer, locale), titles=explainer.titles,
        shop_name=explainer.shop.shop.name,
    )  # fmt: skip
    if json:
        write_json_lines([planned.summary() | {"files": {name: str(path) for name, path in files.items()}}])
        return
    table = Table("", "", title=f"campaign {name}", show_header=False)
    for key, value in planned.summary().items():
        if key != "left_out":
            table.add_row(key.replace("_", " "), "—" if value is None else str(value))
    for reason, count in planned.left_out.items():
        table.add_row("left out", f"{count:,}: {reason}")
    OUT.print(table)
    for path in files.values():
        note(str(path))
