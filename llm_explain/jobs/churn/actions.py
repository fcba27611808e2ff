"""Actions that an experiment proves for a customer, as closing statements of a text.

A reason for a risk is not a reason for an action. A text names an action only if the experiment measured an uplift for
customers of similar predicted effect, and its lower bound is above zero. Otherwise it says that no action is proven,
and what was measured.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.errors import ArtifactError, SettingError, TableError
from llm_explain.jobs.brief import Stated
from scoring.churn.customers import CustomerColumns, cell_texts, words_of
from scoring.churn.uplift import ActionUplift, Bin, fit_uplift
from scoring.scorer.artifacts import staged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from llm_explain.records import Fact
    from scoring.boosting.additive import Floats
    from scoring.churn.learners import Learner

POINTS: Final = 100.0
UPLIFT: Final = "uplift.json"


@dataclass(frozen=True)
class ExperimentColumns:
    """Columns of an experiment.

    Attributes:
        treatment: Who received what.
        control: Its value for no action.
        outcome: What an action should raise: yes or no, or 0 and 1.
        value: Money that a customer brought, in place of the outcome; ``None`` if not measured.
        cost: Cost of one action, in the same money.
        exclude: Columns that are no features, because they came after the treatment.
        learner: ``t`` or ``x``; chosen on held-out rows if not given.
    """

    treatment: str
    control: str
    outcome: str
    value: str | None = None
    cost: float = 0.0
    exclude: tuple[str, ...] = ()
    learner: Learner | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Every column that is no feature."""
        return (self.treatment, self.outcome, *((self.value,) if self.value else ()), *self.exclude)


@dataclass(frozen=True, eq=False)
class Actions:
    """Measured uplift of every action of an experiment.

    Attributes:
        uplifts: One for each action.
        columns: Columns of the experiment.
        table: Turns rows of customers into features; ``None`` where features come from events.
    """

    uplifts: tuple[ActionUplift, ...]
    columns: ExperimentColumns
    table: CustomerColumns | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features."""
        return self.uplifts[0].model.parts[0][1].features

    @classmethod
    def fit(cls, experiment: pd.DataFrame, columns: ExperimentColumns, *, id_column: str | None = None) -> Actions:
        """Fit every action of an experiment whose other columns are features.

        Args:
            experiment: One row for each customer of the experiment.
            columns: Its columns.
            id_column: Column of the ids; found as for a table of customers if not given.

        Returns:
            The actions.
        """
        outcome = _outcome(experiment, columns)
        rest = experiment.drop(columns=list(columns.names))
        table = CustomerColumns.infer(rest, id_column=id_column)
        x, ids = table.encode(rest), table.ids(rest)
        return cls._fitted(x, table.features, ids, experiment, columns, outcome, table)

    @classmethod
    def fit_on(
        cls, x: Floats, names: Sequence[str], ids: Sequence[str], experiment: pd.DataFrame, columns: ExperimentColumns
    ) -> Actions:
        """Fit every action of an experiment on given features, such as those of events before it.

        Args:
            x: Feature values of the rows of the experiment, shape ``(n, n_features)``.
            names: Names of the features.
            ids: Ids of the rows.
            experiment: The experiment.
            columns: Its columns.

        Returns:
            The actions.
        """
        outcome = _outcome(experiment, columns)
        return cls._fitted(x, names, ids, experiment, columns, outcome)

    @classmethod
    def _fitted(
        cls,
        x: Floats,
        names: Sequence[str],
        ids: Sequence[str],
        experiment: pd.DataFrame,
        columns: ExperimentColumns,
        outcome: Floats,
        table: CustomerColumns | None = None,
    ) -> Actions:
        arm = cell_texts(experiment[columns.treatment])
        found = []
        actions = sorted(set(arm) - {columns.control})
        for action in actions:
            rows = (arm == action) | (arm == columns.control)
            is_treated = arm[rows] == action
            gained = outcome[rows] - columns.cost * is_treated
            own = [each for each, is_in in zip(ids, rows.tolist(), strict=True) if is_in]
            found.append(
                fit_uplift(
                    x[rows], is_treated, gained, own, names, action=action, learner=columns.learner,
                    n_actions=len(actions),
                )
            )  # fmt: skip
        return cls(tuple(found), columns, table)

    def save(self, folder: Path) -> None:
        """Write the actions next to a churn model.

        Args:
            folder: The model's artifacts.
        """
        content = {
            "uplifts": [each.to_json() for each in self.uplifts],
            "columns": asdict(self.columns),
            "table": self.table.to_json() if self.table else None,
        }
        with staged(folder) as stage:
            (stage / UPLIFT).write_text(json.dumps(content) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Actions | None:
        """Read what ``save`` wrote.

        Args:
            folder: A churn model's artifacts.

        Returns:
            The actions; ``None`` if no experiment was kept.

        Raises:
            ArtifactError: If the file cannot be read.
        """
        path = folder / UPLIFT
        if not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            columns = {**content["columns"], "exclude": tuple(content["columns"]["exclude"])}
            table = CustomerColumns.of_json(content["table"]) if content["table"] else None
            return cls(tuple(map(ActionUplift.of_json, content["uplifts"])), ExperimentColumns(**columns), table)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactError(
                f"{path} cannot be read ({error!r}) but measured actions are needed. "
                "Run `llm-explain churn explain --uplift FILE --keep-uplift` again, or delete the file."
            ) from error

    def best(self, x: Floats) -> list[tuple[str, Bin]]:
        """Return the action with the largest lower bound for each customer, proven or not.

        Args:
            x: Their features, shape ``(n, n_features)``.

        Returns:
            The action, and what the experiment measured for such customers.
        """
        bins = [uplift.bin_of(x).tolist() for uplift in self.uplifts]
        found = []
        for places in zip(*bins, strict=True):
            own = [(each.action, each.bins[place]) for each, place in zip(self.uplifts, places, strict=True)]
            found.append(max(own, key=lambda pair: pair[1].lower))
        return found

    def closing(self, x: Floats, risk: Floats) -> list[tuple[Stated, ...]]:
        """Return what the texts of some customers say of actions.

        An effect that is larger than the risk is told with what the risk leaves: the effect was measured on the outcome
        of other customers, and no risk falls below zero.

        Args:
            x: Their features, shape ``(n, n_features)``.
            risk: Their calibrated risks, shape ``(n,)``.

        Returns:
            The proven action with the largest lower bound, or that none is proven and what was measured of it.
        """
        best = zip(self.best(x), risk.tolist(), strict=True)
        return [(self._stated(action, each, own),) for (action, each), own in best]

    def _stated(self, action: str, measured: Bin, risk: float) -> Stated:
        """Return the statement of an action; a bound that rounds to nothing proves nothing."""
        facts: dict[str, Fact] = {"action": action, "customers": measured.n}
        if np.isinf(measured.lower):
            return Stated("action_unmeasured", {**facts, "is_measured": 0})
        scale, digits = (1.0, 2) if self.columns.value else (POINTS, 1)
        step = 10.0**digits
        facts |= {
            "gain": round(scale * measured.uplift, digits),
            "low": float(np.floor(step * scale * measured.lower) / step),
            "high": float(np.ceil(step * scale * measured.upper) / step),
        }
        is_proven = float(facts["low"]) > 0
        if self.columns.value:
            kind = "action_worth" if is_proven else "action_unworthy"
            return Stated(kind, {**facts, "has_cost": int(self.columns.cost > 0)})
        facts |= {"outcome": words_of(self.columns.outcome), "risk": risk}
        if not is_proven:
            return Stated("action_unproven", facts)
        rates = (measured.control, measured.control + measured.uplift)
        before, after = (round(scale * each, digits) for each in rates)
        return Stated("action_proven", {**facts, "before": before, "after": after})


def _outcome(experiment: pd.DataFrame, columns: ExperimentColumns) -> Floats:
    """Return what an action should raise, shape ``(n,)``."""
    for name in columns.names:
        if name not in experiment:
            raise TableError(
                f"the experiment has no column {name!r} but it is named. "
                f"Choose one of {', '.join(map(str, experiment))}."
            )
    if columns.cost and columns.value is None:
        raise SettingError(
            f"the cost is {columns.cost} but the outcome {columns.outcome!r} is no money. Name a column of money."
        )
    arm = cell_texts(experiment[columns.treatment])
    if n_gaps := int((arm == "").sum()):
        raise TableError(
            f"column {columns.treatment!r} of the experiment is empty in {n_gaps} rows but each needs a treatment. "
            "Fill them or leave the rows out."
        )
    arms = sorted(set(arm))
    if columns.control not in arms or len(arms) == 1:
        raise SettingError(
            f"the control is {columns.control!r} but the treatments are {', '.join(arms[:6])}. Choose one of several."
        )
    column = experiment[columns.value or columns.outcome]
    numbers = pd.to_numeric(column.replace({"yes": 1, "no": 0, "Yes": 1, "No": 0, True: 1, False: 0}), errors="coerce")
    outcome = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isnan(outcome).any() or (columns.value is None and not np.isin(outcome, (0.0, 1.0)).all()):
        raise TableError(
            f"column {column.name!r} of the experiment holds other values but numbers, or yes and no, are needed. "
            "Correct it."
        )
    return outcome
