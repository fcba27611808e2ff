"""From forecasts to records: a headline, its drivers, and one verified text for each series."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from llm_explain.attribution.values import Attribution
from llm_explain.jobs.brief import Brief
from llm_explain.jobs.demand.headlines import closing, headline
from llm_explain.jobs.demand.kinds import KINDS
from llm_explain.jobs.writer import brief_writer
from llm_explain.records import Claim, Explanation
from scoring.demand.panel import PRICE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from llm_explain.jobs.brief import Stated
    from llm_explain.jobs.demand.scene import DemandScene

LEAST_PHI: Final = 0.05
"""Log units: a driver that changes the forecast by less than 5 % is not told."""

MOST_REASONS, MOST_OPPOSING = 2, 1
_NO_DRIVERS: Final = {"overstock", "dead"}
_NUMBERED: Final = pd.Timestamp("2000-01-01")
"""Day of a text whose weeks are numbers; such a text names no day."""


def explain(scene: DemandScene, *, locale: str, rows: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Explain the coming week of some series.

    Args:
        scene: Forecasts, sales and stock.
        locale: A folder under ``prompts/``, perhaps with a region.
        rows: Places in ``scene.coming``; all of them if not given.

    Returns:
        Explanation records (docs/design.md §9) in the order of ``rows``. Their subject names item, store and week;
        ``statements`` holds headline and stock.
    """
    frame, writer = scene.coming, brief_writer("demand", locale, scene.panel.currency, scene.panel.unit)
    found = []
    for row, brief in briefs(scene, rows):
        of_row = frame.iloc[row]
        stated, text = writer.write(brief)
        subject = {"type": "item_in_store", **{name: str(of_row[name]) for name in ("item_id", "store_id", "week")}}
        reasons = (*stated.reasons, *stated.opposing) if text else ()
        statements = tuple(map(_statement, (stated.headline, *stated.closing))) if text else ()
        record = Explanation(
            id=_digest(subject, text.text if text else "", locale),
            user_id=None,
            subject=subject,
            rank=None,
            probability=None,
            attribution=_attribution(scene, row),
            reasons=reasons,
            statements=statements,
            text=text,
            reason_code="" if text else "nothing_to_say",
            locale=locale,
            tone="concise",
            as_of=pd.Timestamp(brief.as_of),
        ).to_dict()
        found.append(record if scene.panel.has_dates else {**record, "as_of": None})
    return found


def briefs(scene: DemandScene, rows: Sequence[int] | None = None) -> Iterator[tuple[int, Brief]]:
    """Yield what the text of each series is to state.

    Args:
        scene: Forecasts, sales and stock.
        rows: Places in ``scene.coming``; all of them if not given.

    Yields:
        tuple[int, Brief]: Place of the series, and its brief.
    """
    frame, claims = scene.coming, _claims(scene)
    as_of = pd.Timestamp(frame["week"].iloc[0]) if scene.panel.has_dates else _NUMBERED
    for row in range(len(frame)) if rows is None else rows:
        yield row, _brief({str(name): value for name, value in frame.iloc[row].items()}, claims[row], as_of)


def _claims(scene: DemandScene) -> dict[int, list[Claim]]:
    """Return the drivers of each series whose facts and attribution have one sign, largest attribution first."""
    players = scene.players
    is_intermittent = scene.coming["is_intermittent"].to_numpy(dtype=bool)
    claims: dict[int, list[Claim]] = {row: [] for row in range(len(players))}
    for kind in KINDS:
        for found in kind.find(scene):
            phi = float(players[found.player].iloc[found.row])
            if phi * found.sign >= LEAST_PHI and not is_intermittent[found.row]:
                claims[found.row].append(
                    Claim(kind.name, f"feature:{found.player}", found.player, phi, 0.0, found.facts)
                )
    for row, own in claims.items():
        total = sum(abs(float(players[name].iloc[row])) for name in scene.outlook.player_names)
        own[:] = [
            Claim(each.kind, each.player, each.part, each.phi, abs(each.phi) / total, each.facts)
            for each in sorted(own, key=lambda claim: -abs(claim.phi))
        ]
    return claims


def _brief(row: Mapping[str, Any], claims: Sequence[Claim], as_of: pd.Timestamp) -> Brief:
    first = headline(row)
    told = () if first.kind in _NO_DRIVERS else _one_of_a_kind(claims)
    raising, lowering = ([each for each in told if each.phi * sign > 0] for sign in (1, -1))
    direction, reasons, opposing = (1, raising, lowering) if raising else (-1, lowering, [])
    return Brief(
        headline=first,
        direction=1 if direction > 0 else -1,
        reasons=tuple(reasons[:MOST_REASONS]),
        as_of=as_of.date(),
        opposing=tuple(opposing[:MOST_OPPOSING]),
        closing=closing(row),
        key=f"{row['item_id']}|{row['store_id']}",
    )


def _one_of_a_kind(claims: Sequence[Claim]) -> list[Claim]:
    """Return the largest driver of each kind, largest first; one that states the price leaves out that of the price."""
    largest: dict[str, Claim] = {}
    for claim in claims:
        largest.setdefault(claim.kind, claim)
    tells_price = any(PRICE in claim.facts for claim in largest.values())
    return [claim for claim in largest.values() if not (tells_price and claim.part == PRICE)]


def _statement(stated: Stated) -> Claim:
    return Claim(stated.kind, "", "", 0.0, 0.0, stated.facts)


def _attribution(scene: DemandScene, row: int) -> Attribution:
    """Return what each player adds to the forecast in log units; all of an intermittent item's is its history."""
    own = scene.players.iloc[row]
    if bool(scene.coming["is_intermittent"].iloc[row]):
        score = float(np.log1p(scene.coming["units"].iloc[row]))
        return Attribution(("feature:history",), np.array([score]), ({"history": score},), 0.0, score, ((),))
    names = scene.outlook.player_names
    values = own[names].to_numpy(dtype=np.float64)
    parts = tuple({name: float(value)} for name, value in zip(names, values, strict=True))
    players = tuple(f"feature:{name}" for name in names)
    return Attribution(players, values, parts, float(own["base_value"]), float(own["score"]), ((),) * len(names))


def _digest(subject: Mapping[str, str], text: str, locale: str) -> str:
    return hashlib.sha256("|".join((*subject.values(), locale, text)).encode()).hexdigest()[:24]
