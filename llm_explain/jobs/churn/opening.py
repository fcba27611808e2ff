"""Opens a churn model on the tables that it scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.jobs.churn.job import ChurnJob
from llm_explain.policy.policy import Policy
from llm_explain.text.prompt_files import prompts_root
from scoring.churn.artifacts import ChurnArtifacts
from scoring.data.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def open_churn(artifacts: Path, data: Path, *, as_of: pd.Timestamp | None = None) -> ChurnJob:
    """Open a churn model.

    The call raises ``ArtifactError`` if there is no model, and ``TableError`` if the tables cannot be read.

    Args:
        artifacts: Folder that ``llm-explain churn train`` wrote.
        data: Folder of ``llm-explain import``, or a file with a table of customers.
        as_of: Only events before it count, UTC without a zone; the log's end if not given.

    Returns:
        The users that can be scored, with the model.
    """
    trained = ChurnArtifacts.read(artifacts)
    if data.is_file():
        return ChurnJob.of_customers(trained, data)
    tables = Tables.read(data)
    policy = Policy.load(prompts_root() / "policy.yaml").for_shop(tables.shop)
    return ChurnJob.of_events(trained, tables, as_of=as_of, may_name=policy.may_name_category)
