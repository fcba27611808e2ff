"""Say truthfully, in one natural sentence, why an item is recommended.

    from llm_explain import Explainer

    explainer = Explainer.load("artifacts/completejourney")
    for explanation in explainer.recommend("1228", k=3):
        print(explanation.text.text)

Names are loaded when they are first used, so that importing the package loads neither torch nor transformers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from llm_explain.attribution.values import Attribution
    from llm_explain.errors import LlmExplainError
    from llm_explain.evaluation.report import Evaluation
    from llm_explain.explainer import Explainer
    from llm_explain.importers.shop import import_csv
    from llm_explain.policy.policy import Policy
    from llm_explain.records import Claim, Explanation, Fault, Verdict
    from llm_explain.verifier import Verifier
    from scoring.data.tables import Tables

_HOMES: Final = {
    "Attribution": "llm_explain.attribution.values",
    "Claim": "llm_explain.records",
    "Evaluation": "llm_explain.evaluation.report",
    "Explainer": "llm_explain.explainer",
    "Explanation": "llm_explain.records",
    "Fault": "llm_explain.records",
    "LlmExplainError": "llm_explain.errors",
    "Policy": "llm_explain.policy.policy",
    "Tables": "scoring.data.tables",
    "Verdict": "llm_explain.records",
    "Verifier": "llm_explain.verifier",
    "import_csv": "llm_explain.importers.shop",
}

__all__ = [
    "Attribution",
    "Claim",
    "Evaluation",
    "Explainer",
    "Explanation",
    "Fault",
    "LlmExplainError",
    "Policy",
    "Tables",
    "Verdict",
    "Verifier",
    "import_csv",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return list(__all__)
