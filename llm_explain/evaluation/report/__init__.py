"""The evaluation as a whole: run every section, and write JSON, Markdown and one self-contained page."""

from llm_explain.evaluation.report.evaluation import Evaluation

__all__ = ["Evaluation"]
