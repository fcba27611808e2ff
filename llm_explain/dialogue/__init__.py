"""Conversations about recommendations: messages become intents with typed slots, and answers are verified texts."""

from llm_explain.dialogue.dialogue import Dialogue
from llm_explain.dialogue.turns import Context, Turn

__all__ = ["Context", "Dialogue", "Turn"]
