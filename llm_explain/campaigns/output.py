"""The files of a plan: messages ready to send, a table, a JSON record and an HTML preview."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import jinja2
import pandas as pd

from llm_explain.campaigns.lines import MAX_PUSH
from llm_explain.campaigns.records import TREATED
from llm_explain.text.name_cleaning import write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from llm_explain.campaigns.lines import CampaignLines
    from llm_explain.campaigns.records import CampaignPlan, PlannedMessage, PlannedOffer

PLAN_COLUMNS: Final = (
    "user_id", "group", "place", "offer_id", "offer_kind", "item_id", "title", "probability", "expected_cost", "line",
    "reason", "reason_kinds",
)  # fmt: skip
MESSAGE_COLUMNS: Final = ("user_id", "channel", "subject", "text", "html", "unsubscribe")
SHOWN: Final = 50
"""Messages in the preview."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it is sent.

    Attributes:
        user_id: The shop's id.
        offers: Its offers.
        subject: Subject of an e-mail or title of a notification: a short line of the first offer, or a fixed one.
        text: The message in plain text.
        html: The message in HTML.
        unsubscribe: Link that ends the consent; empty if the campaign has none.
    """

    user_id: str
    offers: tuple[PlannedOffer, ...]
    subject: str
    text: str
    html: str
    unsubscribe: str


def render(message: PlannedMessage, plan: CampaignPlan, lines: CampaignLines, shop_name: str) -> Rendered:
    """Return a message as it is sent: every line is a verified offer, a verified reason or a fixed line.

    Args:
        message: A message of the plan.
        plan: The plan.
        lines: The locale's lines.
        shop_name: Name of the shop; empty if it is not known.

    Returns:
        Subject, text and HTML.
    """
    settings = plan.settings
    link = settings.unsubscribe_url.replace("{user_id}", quote(message.user_id, safe=""))
    link = link.replace("{channel}", settings.channel)
    first = message.offers[0]
    subject = "" if settings.channel == "coupon" else first.subject or lines.subject(shop_name)
    is_push, is_email = settings.channel == "push", settings.channel == "email"
    footer = lines.footer(shop_name) if is_email else ""
    page = _environment().get_template("email.html.j2")
    html = (
        ""
        if is_push
        else page.render(
            offers=message.offers, has_reasons=is_email, footer=footer, link=link, unsubscribe=lines.unsubscribe
        )
    )
    parts = [f"{each.line}\n{each.sentence}" if is_email else each.line for each in message.offers]
    parts += [f"{footer}\n{lines.unsubscribe}: {link}"] if is_email else []
    text = _push_text(first, subject) if is_push else "\n\n".join(parts)
    return Rendered(message.user_id, message.offers, subject, text, html, link)


def _push_text(offer: PlannedOffer, title: str) -> str:
    """Return the text of a notification: the reason, behind what a short title leaves out of the offer.

    A title that names no item leaves out the whole line.
    """
    if title == offer.line:
        return offer.sentence
    rest = offer.rest if title == offer.subject else offer.line
    both = f"{rest} {offer.sentence}"
    return both if title == offer.subject and len(both) <= MAX_PUSH else rest


def messages_of(
    plan: CampaignPlan,
    lines: CampaignLines,
    shop_name: str,
    *,
    told: Callable[[dict[str, Any]], dict[str, Any]],
) -> list[dict[str, Any]]:
    """Return the messages of a plan as JSON; one that is held out has offers, but no subject and no text.

    Args:
        plan: The plan.
        lines: The locale's lines.
        shop_name: Name of the shop; empty if it is not known.
        told: Returns as much of an explanation record as is wanted.

    Returns:
        Messages in the order of choice.
    """
    found = []
    for message in plan.messages:
        sent = render(message, plan, lines, shop_name) if message.group == TREATED else None
        names = ("subject", "text", "html", "unsubscribe") if sent else ()
        offers = [
            {
                **{name: getattr(each.offer, name) for name in ("offer_id", "kind", "item_id")},
                "probability": each.probability,
                "line": each.line,
                **told(each.explanation.to_dict()),
            }
            for each in message.offers
        ]
        own = {name: getattr(message, name) for name in ("user_id", "group", "expected_cost")}
        found.append({**own, **{name: getattr(sent, name) for name in names}, "offers": offers})
    return found


def write_plan(
    plan: CampaignPlan, out: Path, *, lines: CampaignLines, titles: Mapping[str, str], shop_name: str = ""
) -> dict[str, Path]:
    """Write ``plan.csv``, ``plan.json``, ``messages.csv`` and ``preview.html``.

    Args:
        plan: The plan.
        out: Folder to create or fill.
        lines: The locale's lines.
        titles: Title of each item, by ``item_id``.
        shop_name: Name of the shop; empty if it is not known.

    Returns:
        The files by name.
    """
    out.mkdir(parents=True, exist_ok=True)
    sent = [render(message, plan, lines, shop_name) for message in plan.of(TREATED)]
    paths = {name: out / name for name in ("plan.csv", "plan.json", "messages.csv", "preview.html")}
    rows = [
        _row(message, place, offer, titles)
        for message in plan.messages
        for place, offer in enumerate(message.offers, 1)
    ]
    write_csv(pd.DataFrame(rows, columns=list(PLAN_COLUMNS)), paths["plan.csv"])
    table = [
        (each.user_id, plan.settings.channel, each.subject, each.text, each.html, each.unsubscribe) for each in sent
    ]
    write_csv(pd.DataFrame(table, columns=list(MESSAGE_COLUMNS)), paths["messages.csv"])
    record = {
        "summary": plan.summary(),
        "settings": plan.settings.model_dump(mode="json"),
        "messages": [_record(message) for message in plan.messages],
    }
    paths["plan.json"].write_text(json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
    page = _environment().get_template("preview.html.j2")
    paths["preview.html"].write_text(
        page.render(summary=plan.summary(), messages=sent[:SHOWN], lang=plan.settings.locale), encoding="utf-8"
    )
    return paths


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.PackageLoader("llm_explain", "campaigns")
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)


def _row(message: PlannedMessage, place: int, offer: PlannedOffer, titles: Mapping[str, str]) -> tuple[Any, ...]:
    kinds = " ".join(claim.kind for claim in offer.explanation.reasons)
    return (
        message.user_id, message.group, place, offer.offer.offer_id, offer.offer.kind, offer.offer.item_id,
        titles[offer.offer.item_id], round(offer.probability, 4), round(offer.expected_cost, 4), offer.line,
        offer.sentence, kinds,
    )  # fmt: skip


def _record(message: PlannedMessage) -> dict[str, Any]:
    return {
        "user_id": message.user_id,
        "group": message.group,
        "expected_cost": round(message.expected_cost, 4),
        "offers": [
            {
                "offer_id": offer.offer.offer_id,
                "kind": offer.offer.kind,
                "facts": dict(offer.offer.facts),
                "line": offer.line,
                "explanation": offer.explanation.to_dict(),
            }
            for offer in message.offers
        ],
    }
