"""An audit of explanation records that trusts neither the model nor the claims: SQL over the raw tables."""

from llm_explain.evaluation.audit.attributions import attribution_faults, selection_faults
from llm_explain.evaluation.audit.tables import Audit
from llm_explain.evaluation.audit.texts import AuditReport, audit_records

__all__ = ["Audit", "AuditReport", "attribution_faults", "audit_records", "selection_faults"]
