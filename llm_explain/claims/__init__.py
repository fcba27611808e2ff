"""Claims: typed statements with facts that rules derive from the tables, tied to what drove the score."""

from llm_explain.claims.degrees import Degree, Degrees
from llm_explain.claims.derive import derive
from llm_explain.claims.evidence import Evidence
from llm_explain.claims.kind import EVENT_KIND, NOTHING, ClaimKind, Findings
from llm_explain.claims.registry import MOST_KINDS, ClaimKinds
from llm_explain.claims.selection import allowed_claims, go_together, names_allowed_category, neutral, select
from llm_explain.claims.shop_evidence import ShopEvidence
from llm_explain.claims.subjects import Subjects

__all__ = [
    "EVENT_KIND",
    "MOST_KINDS",
    "NOTHING",
    "ClaimKind",
    "ClaimKinds",
    "Degree",
    "Degrees",
    "Evidence",
    "Findings",
    "ShopEvidence",
    "Subjects",
    "allowed_claims",
    "derive",
    "go_together",
    "names_allowed_category",
    "neutral",
    "select",
]
