"""Claims: typed statements with facts that rules derive from the tables, tied to what drove the score."""

from llm_explain.claims.degrees import DEFAULT_DEGREES, Degree, Degrees
from llm_explain.claims.derive import derive
from llm_explain.claims.evidence import Evidence, ShopEvidence, UserEvidence
from llm_explain.claims.kind import EVENT_KIND, ClaimKind, Finding
from llm_explain.claims.registry import MOST_KINDS, ClaimKinds
from llm_explain.claims.selection import neutral, select

KINDS = ClaimKinds.installed()
"""The installed kinds; to be replaced by an instance that is passed down."""

__all__ = [
    "DEFAULT_DEGREES",
    "EVENT_KIND",
    "KINDS",
    "MOST_KINDS",
    "ClaimKind",
    "ClaimKinds",
    "Degree",
    "Degrees",
    "Evidence",
    "Finding",
    "ShopEvidence",
    "UserEvidence",
    "derive",
    "neutral",
    "select",
]
