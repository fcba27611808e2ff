"""Explanations of many users at once: shards of rows with verified texts, by local processes or by Ray."""

from llm_explain.batch.explaining import BatchSettings, explain_users
from llm_explain.batch.run import BatchSummary, run_batch
from llm_explain.batch.users import read_users, users_of_log, with_events

__all__ = ["BatchSettings", "BatchSummary", "explain_users", "read_users", "run_batch", "users_of_log", "with_events"]
