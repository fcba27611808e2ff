"""A study with people: sentences of several systems, blinded and shuffled, and what the answers say."""

from llm_explain.evaluation.study.answers import score_study
from llm_explain.evaluation.study.export import export_study

__all__ = ["export_study", "score_study"]
