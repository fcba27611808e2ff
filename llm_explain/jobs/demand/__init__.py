"""What will sell in the coming week, what to order, and why, as verified sentences."""

from llm_explain.jobs.demand.explain import explain
from llm_explain.jobs.demand.scene import DemandScene

__all__ = ["DemandScene", "explain"]
