"""The evaluation as a whole: run every section, and write JSON, Markdown and one self-contained page."""

from llm_explain.evaluation.report.run import evaluate
from llm_explain.evaluation.report.write import write_report

__all__ = ["evaluate", "write_report"]
