"""Composition of a list: which items it shows, in which section and place, and what each card says."""

from llm_explain.composition.arrangement import Placed, arrange, in_given_order
from llm_explain.composition.selection import Selection, SelectionOptions

__all__ = ["Placed", "Selection", "SelectionOptions", "arrange", "in_given_order"]
