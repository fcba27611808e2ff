"""Jobs besides recommendation, for managers: what a model expects, its exact drivers, and a verified text for each."""

from llm_explain.jobs.brief import Brief
from llm_explain.jobs.verifier import BriefVerifier
from llm_explain.jobs.writer import BriefWriter

__all__ = ["Brief", "BriefVerifier", "BriefWriter"]
