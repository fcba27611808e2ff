"""Claims: typed statements with facts that rules derive from the tables, tied to what drove the score."""

from llm_explain.claims.base import EVENT_KIND, ClaimKind, Finding
from llm_explain.claims.degrees import DEFAULT_DEGREES, Degree, Degrees
from llm_explain.claims.derive import KINDS, NEUTRAL_KINDS, derive, neutral
from llm_explain.claims.evidence import Evidence, ShopEvidence, UserEvidence

__all__ = [
    "DEFAULT_DEGREES",
    "EVENT_KIND",
    "KINDS",
    "NEUTRAL_KINDS",
    "ClaimKind",
    "Degree",
    "Degrees",
    "Evidence",
    "Finding",
    "ShopEvidence",
    "UserEvidence",
    "derive",
    "neutral",
]
