"""The sections ``churn``, ``demand`` and ``campaign``: figures of training, drivers, and an audit of texts by SQL."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.errors import ArtifactError, SettingError
from llm_explain.evaluation.churn_audit import fact_faults, text_faults
from llm_explain.jobs.churn.opening import open_churn
from llm_explain.jobs.churn.view import PLAYER_OF
from llm_explain.jobs.demand import DemandScene, explain
from llm_explain.jobs.demand.audit import DemandAudit
from scoring.demand.outlook import outlook
from scoring.demand.storage import load, read_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from llm_explain.jobs.churn.job import ChurnJob
    from scoring.boosting.additive import Floats

LOCALES: Final = ("en", "zh")
SHOWN_FAULTS: Final = 20
SHOWN_TEXTS: Final = 5


@dataclass(frozen=True)
class JobPaths:
    """Models of the jobs to report on; a job without one has no section.

    Attributes:
        churn: Folder of ``llm-explain churn train``.
        churn_data: What it scores: a folder of ``llm-explain import``, or a file of customers.
        demand: Folder of ``llm-explain demand train``.
        campaign: Folder of ``llm-explain campaign plan``.
    """

    churn: Path | None = None
    churn_data: Path | None = None
    demand: Path | None = None
    campaign: Path | None = None

    def sections(self, n: int, seed: int, report: Callable[[str, int, int], None]) -> dict[str, Any]:
        """Return the sections of the jobs that have a model.

        Args:
            n: Most texts to audit in each locale.
            seed: Source of chance.
            report: Called with a description, the number done and the total.

        Returns:
            Section by name.

        Raises:
            SettingError: If a churn model is given without its data.
        """
        found = {}
        if self.churn is not None:
            if self.churn_data is None:
                raise SettingError(
                    "--churn is given without --churn-data but the texts need tables. Name their folder."
                )
            report("churn", 0, 1)
            found["churn"] = churn_section(self.churn, self.churn_data, n, seed)
        if self.demand is not None:
            report("demand", 0, 1)
            found["demand"] = demand_section(self.demand, n, seed)
        if self.campaign is not None:
            found["campaign"] = campaign_section(self.campaign)
        return found


def churn_section(artifacts: Path, data: Path, n: int, seed: int) -> dict[str, Any]:
    """Return figures, calibration, drivers and the audit of a churn model.

    Args:
        artifacts: Folder of ``llm-explain churn train``.
        data: What it scores.
        n: Most users whose texts are audited.
        seed: Source of chance.

    Returns:
        The section.
    """
    job = open_churn(artifacts, data)
    terms = job.artifacts.model.terms(job.x)
    rows = np.sort(np.random.default_rng(seed).permutation(len(job.user_ids))[:n])
    chosen = rows.tolist()
    records = {locale: [each.to_dict() for each in job.explain(chosen, locale=locale)] for locale in LOCALES}
    faults = [] if job.spending is None else fact_faults(job, records["en"], data, job.as_of)
    faults += [fault for locale in LOCALES for fault in _text_faults(job, records[locale], terms[rows], locale)]
    history = json.loads((artifacts / "history.json").read_text(encoding="utf-8"))
    return {
        **job.artifacts.figures,
        "users": len(job.user_ids),
        "calibration": {"bins": history.get("calibration", [])},
        "drivers": _sizes(job, terms),
        "audit": _audit(records.values(), faults),
    }


def _text_faults(job: ChurnJob, records: list[dict[str, Any]], terms: Floats, locale: str) -> list[str]:
    if job.spending is None:
        return []  # columns of a table have no cues; their facts are cells
    average = float(job.risk.mean())
    names = job.artifacts.model.features
    return [
        f"user {record['user_id']} ({locale}): {fault}"
        for record, row in zip(records, terms.tolist(), strict=True)
        for fault in text_faults(record, dict(zip(names, row, strict=True)), average, locale)
    ]


def _sizes(job: ChurnJob, terms: Floats) -> dict[str, float]:
    """Return the mean absolute attribution of each player, largest first."""
    columns = job.artifacts.columns
    player_of: Mapping[str, str] = PLAYER_OF if columns is None else columns.player_of
    players = np.array([player_of[name] for name in job.artifacts.model.features])
    sizes = {each: float(np.abs(terms[:, players == each].sum(axis=1)).mean()) for each in dict.fromkeys(players)}
    return _largest_first(sizes)


def demand_section(artifacts: Path, n: int, seed: int) -> dict[str, Any]:
    """Return figures, drivers and the audit of a demand model.

    Args:
        artifacts: Folder of ``llm-explain demand train``.
        n: Most series whose texts are audited.
        seed: Source of chance.

    Returns:
        The section.
    """
    forecaster, panel = load(artifacts)
    rows = np.sort(np.random.default_rng(seed).permutation(len(panel))[:n])
    weeks = forecaster.model.config.weeks
    scene = DemandScene(panel.extended(weeks), outlook(forecaster, panel, weeks, rows=rows))
    records = {locale: explain(scene, locale=locale) for locale in LOCALES}
    with tempfile.TemporaryDirectory() as folder:
        scene.write(Path(folder))
        audit = DemandAudit(Path(folder))
        faults = [fault for own in records.values() for fault in audit.faults(own)]
    sizes = {name: float(scene.players[name].abs().mean()) for name in scene.outlook.player_names}
    return {
        **read_figures(artifacts),
        "series": len(panel),
        "drivers": _largest_first(sizes),
        "audit": _audit(records.values(), faults),
    }


def campaign_section(folder: Path) -> dict[str, Any]:
    """Return the numbers of a campaign plan.

    Args:
        folder: Folder of ``llm-explain campaign plan``.

    Returns:
        The summary of the plan, and how often its texts give each kind of reason.

    Raises:
        ArtifactError: If the folder holds no plan.
    """
    path = folder / "plan.json"
    if not path.is_file():
        raise ArtifactError(f"{folder} holds no plan.json but a plan is needed. Run `llm-explain campaign plan` first.")
    plan = json.loads(path.read_text(encoding="utf-8"))
    kinds: dict[str, float] = {}
    for message in plan["messages"]:
        for offer in message["offers"]:
            for claim in offer["explanation"]["reasons"]:
                kinds[claim["kind"]] = kinds.get(claim["kind"], 0) + 1
    return {"summary": plan["summary"], "kinds": _largest_first(kinds)}


def _audit(records: Iterable[list[dict[str, Any]]], faults: list[str]) -> dict[str, Any]:
    """Return the counts of an audit, with some of the texts."""
    every = [record for own in records for record in own]
    told = [record["text"] for record in every if record["text"]]
    facts = sum(len(claim["facts"]) for each in every for claim in (*each["reasons"], *each["statements"]))
    return {
        "texts": len(told),
        "without_text": len(every) - len(told),
        "facts": facts,
        "false": len(faults),
        "faults": faults[:SHOWN_FAULTS],
        "examples": told[:SHOWN_TEXTS],
    }


def _largest_first(sizes: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(sizes.items(), key=lambda pair: -pair[1]))
