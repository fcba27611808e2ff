"""The churn job as a Python interface: open artifacts, score users, explain risks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from llm_explain.errors import ArtifactError, SettingError, UnknownUserError
from llm_explain.jobs.brief import Brief, Stated
from llm_explain.jobs.churn.actions import Actions
from llm_explain.jobs.churn.columns import claims_from_customers
from llm_explain.jobs.churn.explaining import ChurnWriter, claims_from_events, lately_happened
from llm_explain.jobs.churn.view import PLAYER_OF, ChurnView
from llm_explain.jobs.writer import brief_writer
from llm_explain.text.lexicon import DEFAULT_LOCALE, default_locale
from scoring.churn.artifacts import ChurnArtifacts
from scoring.churn.customers import read_customers
from scoring.churn.events import UserTable, features
from scoring.churn.spending import Spending
from scoring.data.log import to_day
from scoring.data.tables import PURCHASE, USER_ID, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llm_explain.jobs.churn.actions import ExperimentColumns
    from llm_explain.records import Explanation, Fact
    from scoring.boosting.additive import Floats
    from scoring.churn.uplift import Bin


@dataclass(frozen=True, eq=False)
class UserActions:
    """What an experiment proves for users.

    Attributes:
        actions: Measured uplift of every action.
        x: Features of the users, as the actions read them, shape ``(n, n_features)``.
        user_ids: The shop's ids, shape ``(n,)``.
        risk: Their calibrated risks, shape ``(n,)``.
    """

    actions: Actions
    x: Floats
    user_ids: tuple[str, ...]
    risk: Floats

    def closing(self, rows: Sequence[int]) -> list[tuple[Stated, ...]]:
        """Return the closing statements of the texts of some users."""
        return self.actions.closing(self.x[list(rows)], self.risk[list(rows)])

    def best(self, rows: Sequence[int]) -> list[tuple[str, Bin]]:
        """Return the action with the largest lower bound, and what was measured, for some users."""
        return self.actions.best(self.x[list(rows)])

    def table(self) -> pd.DataFrame:
        """Return the action with the largest lower bound for each user: ``user_id, action, uplift, uplift_low``."""
        best = self.actions.best(self.x)
        rows = [
            (user_id, action, each.uplift, each.lower)
            for user_id, (action, each) in zip(self.user_ids, best, strict=True)
        ]
        return pd.DataFrame(rows, columns=["user_id", "action", "uplift", "uplift_low"])


@dataclass(frozen=True, eq=False)
class ChurnJob:
    """Users of one moment, or customers of one table, with a trained model.

    Attributes:
        artifacts: The trained model.
        user_ids: The shop's ids of all users that can be scored.
        as_of: Moment of the risks, UTC without a zone.
        local: The same moment on the shop's clock.
        x: Feature values, shape ``(n, n_features)``.
        currency: Currency of the amounts.
        spending: Events before the moment; ``None`` for a table of customers.
        customers: The table of customers; ``None`` for events.
        may_name: Whether a category may be named.
        counts_purchases: Whether the target events are purchases, so that texts can speak of them.
        locale: Locale of texts whose caller names none.
    """

    artifacts: ChurnArtifacts
    user_ids: tuple[str, ...]
    as_of: pd.Timestamp
    local: pd.Timestamp
    x: Floats
    currency: str | None
    spending: Spending | None
    customers: pd.DataFrame | None
    may_name: Callable[[str], bool]
    counts_purchases: bool = True
    locale: str = DEFAULT_LOCALE

    @classmethod
    def of_events(
        cls,
        artifacts: ChurnArtifacts,
        tables: Tables,
        *,
        as_of: pd.Timestamp | None = None,
        may_name: Callable[[str], bool] = lambda _: True,
    ) -> ChurnJob:
        """Read the events before a moment.

        Args:
            artifacts: Trained on events.
            tables: A shop's tables.
            as_of: The moment, UTC without a zone; the midnight after the last event if not given.
            may_name: Whether a category may be named.

        Returns:
            The job.

        Raises:
            SettingError: If the model was trained on a table of customers.
        """
        if artifacts.setting is None:
            raise SettingError("the model was trained on a table of customers but events are given. Give --features.")
        spending = Spending.of(tables, support_kinds=artifacts.setting.support_kinds)
        midnight = float(np.floor(spending.day.max())) + 1
        at = midnight if as_of is None else to_day(tables.shop.clock.local(as_of))
        past = spending.before(at)
        table = features(past, at, artifacts.setting).aligned(artifacts.model.features)
        purchases = tables.shop.target_kinds == (PURCHASE,)
        moment = pd.Timestamp(0) + pd.Timedelta(days=at)
        utc = tables.shop.clock.utc(moment) if as_of is None else as_of
        shop = tables.shop
        return cls(
            artifacts, table.user_ids, utc, moment, table.x, shop.currency, past, None, may_name, purchases,
            locale=default_locale(shop.locale),
        )  # fmt: skip

    @classmethod
    def of_customers(cls, artifacts: ChurnArtifacts, path: Path, *, currency: str | None = None) -> ChurnJob:
        """Read a table of customers.

        Args:
            artifacts: Trained on such a table.
            path: CSV, Parquet or Excel.
            currency: Currency of amounts in closing sentences.

        Returns:
            The job.

        Raises:
            SettingError: If the model was trained on events.
        """
        if artifacts.columns is None:
            raise SettingError("the model was trained on events but a table of customers is given. Leave it out.")
        table = read_customers(path)
        x = artifacts.columns.encode(table)
        now = pd.Timestamp.now("UTC").tz_localize(None).floor("D")
        return cls(artifacts, artifacts.columns.ids(table), now, now, x, currency, None, table, lambda _: True)

    @cached_property
    def risk(self) -> Floats:
        """Calibrated risk of every user, shape ``(n,)``."""
        return expit(self.artifacts.model.score(self.x))

    @cached_property
    def usual_spending(self) -> Floats | None:
        """Usual spending in as many days as the risk looks ahead, shape ``(n,)``; ``None`` without prices."""
        setting, spending = self.artifacts.setting, self.spending
        if setting is None or spending is None or not spending.has_prices:
            return None
        at, days = to_day(self.local), setting.usual_days
        rate = spending.total(spending.between(at - days, at)) / spending.days_known(at, days)
        usual = dict(zip(spending.user_ids, (rate * setting.horizon_days).round(2).tolist(), strict=True))
        return np.array([usual[user_id] for user_id in self.user_ids])

    def rows_of(self, user_ids: Sequence[str]) -> list[int]:
        """Return the places of users.

        Args:
            user_ids: The shop's ids.

        Returns:
            Their rows.

        Raises:
            UnknownUserError: If a user is not scored at this moment.
        """
        place = {user_id: row for row, user_id in enumerate(self.user_ids)}
        if unknown := [user_id for user_id in user_ids if user_id not in place]:
            raise UnknownUserError(
                f"user {unknown[0]!r} is not scored at {self.as_of} but a user with recent visits is needed. "
                "Choose another user or moment."
            )
        return [place[user_id] for user_id in user_ids]

    def actions(self, experiment: Path, columns: ExperimentColumns, before: ChurnJob | None = None) -> UserActions:
        """Measure the actions of an experiment.

        Args:
            experiment: CSV, Parquet or Excel, one row for each customer.
            columns: Its columns. Of the others, those that ``customers`` has too are features.
            before: With events: the users when the experiment began; the experiment then needs ``user_id`` alone.

        Returns:
            What the experiment proves for the users of this job.

        Raises:
            SettingError: If the job reads events and ``before`` is missing.
        """
        table = read_customers(experiment)
        if self.customers is not None:
            shared = [name for name in table if name in self.customers or name in columns.names]
            table = table[shared]  # a column that the customers lack, such as another outcome, predicts nothing
            return self._users_of(Actions.fit(table, columns, id_column=self._id_in(table)))
        if before is None or USER_ID not in table:
            raise SettingError(
                "the experiment has no moment or no column 'user_id' but both are needed with events. "
                "Say when it began with --experiment-at."
            )
        place = {user_id: row for row, user_id in enumerate(before.user_ids)}
        known = table[table[USER_ID].astype(str).isin(place)].reset_index(drop=True)
        ids = known[USER_ID].astype(str).tolist()
        x = before.x[[place[user_id] for user_id in ids]]
        return self._users_of(Actions.fit_on(x, self.artifacts.model.features, ids, known, columns))

    def kept_actions(self, folder: Path) -> UserActions | None:
        """Return the actions of the experiment that ``Actions.save`` kept next to the model.

        The call raises ``ArtifactError`` if the file cannot be read, or belongs to other features.

        Args:
            folder: The model's artifacts.

        Returns:
            What the experiment proves for the users of this job; ``None`` if no experiment was kept.
        """
        actions = Actions.load(folder)
        return None if actions is None else self._users_of(actions)

    def _users_of(self, actions: Actions) -> UserActions:
        """Return what actions prove for the users of this job."""
        if actions.table is not None and self.customers is not None:
            return UserActions(actions, actions.table.encode(self.customers), self.user_ids, self.risk)
        if actions.table is not None or actions.features != self.artifacts.model.features:
            raise ArtifactError(
                "the kept experiment was measured on other features but those of the model are needed. "
                "Run `llm-explain churn explain --uplift FILE --keep-uplift` again."
            )
        return UserActions(actions, self.x, self.user_ids, self.risk)

    def _id_in(self, table: pd.DataFrame) -> str | None:
        """Return the id column of the customers if a table has it too."""
        columns = self.artifacts.columns
        return columns.id_column if columns is not None and columns.id_column in table else None

    def heading(self, locale: str | None = None) -> str:
        """Return the heading of a table of risks: the outcome and the average.

        Args:
            locale: A folder under ``prompts/``, perhaps with a region; the shop's if not given.

        Returns:
            A verified line.
        """
        brief = Brief(Stated("heading", self._headline(is_listed=True)), 1, (), self.local.date())
        text = brief_writer("churn", locale or self.locale, self.currency).write(brief)[1]
        return text.text if text else ""

    def _headline(self, *, is_listed: bool) -> dict[str, Fact]:
        """Return the facts that every headline shares."""
        setting, labels, columns = self.artifacts.setting, self.artifacts.labels, self.artifacts.columns
        return {
            "noun": labels.noun,
            "average": float(self.risk.mean()),
            "share": setting.share if setting else 0.0,
            "target": setting.target if setting else "label",
            "outcome": labels.outcome,
            "label": labels.columns.get(columns.label_column, columns.label_column) if columns else "",
            "positive": columns.positive if columns else "",
            "days": setting.horizon_days if setting else 0,
            "usual_days": setting.usual_days if setting else 0,
            "is_listed": int(is_listed),
        }

    def explain(
        self,
        rows: Sequence[int],
        *,
        locale: str | None = None,
        closing: Sequence[tuple[Stated, ...]] | None = None,
        is_listed: bool = False,
    ) -> list[Explanation]:
        """Explain the risks of some users.

        Args:
            rows: Places of the users.
            locale: A folder under ``prompts/``, perhaps with a region; the shop's if not given.
            closing: Statements at the end of each text.
            is_listed: Whether the texts are rows of a table under ``heading``, and so begin with user and risk alone.

        Returns:
            Explanation records; ``probability`` is the risk.

        Raises:
            SettingError: If the job has neither events nor customers, or its target events are no purchases.
        """
        if self.spending is not None and not self.counts_purchases:
            raise SettingError(
                "the target events are no purchases but the texts speak of purchases. Use `churn score`, or set "
                "target_kinds in shop.yaml."
            )
        setting, labels = self.artifacts.setting, self.artifacts.labels
        locale = locale or self.locale
        writer = ChurnWriter(
            brief_writer("churn", locale, self.currency),
            locale=locale,
            provenance={"model": self.artifacts.digest},
            headline=self._headline(is_listed=is_listed),
        )
        places = np.array(rows, dtype=np.int64)
        ids = tuple(self.user_ids[row] for row in rows)
        if self.spending is not None and setting is not None:
            at = to_day(self.local)
            table = UserTable(ids, self.artifacts.model.features, self.x[places], np.full(len(rows), at))
            medians = dict(zip(table.features, pd.DataFrame(self.x).median().tolist(), strict=True))
            own = self.spending.of_users(np.flatnonzero(np.isin(self.spending.user_ids, ids)))
            view = ChurnView(own, table, at, setting, medians, self.may_name)
            attributed, claims = claims_from_events(self.artifacts.model, view, PLAYER_OF, labels)
            lately = lately_happened(view, labels)
        else:
            customers, columns = self.customers, self.artifacts.columns
            if customers is None or columns is None:
                raise SettingError(
                    "the job has neither events nor customers but one is needed. Open it by its class methods."
                )
            attributed, claims = claims_from_customers(self.artifacts.model, customers.iloc[places], columns, labels)
            lately = {}  # a table of customers has no past
        return writer.explain(ids, attributed, claims, (self.as_of, self.local), closing, lately)
