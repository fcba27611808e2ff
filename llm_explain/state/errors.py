"""What the storage can fail with.

LlmExplainError
└── StateError          the storage failed, or refuses
    ├── StateFullError  there is no room; nothing was stored
    ├── StateBusyError  it did not answer in time; trying again can help
    └── KeyReusedError  an idempotency key came with another body than before
"""

from __future__ import annotations

from llm_explain.errors import LlmExplainError


class StateError(LlmExplainError):
    """The storage failed."""


class StateFullError(StateError):
    """There is no room; nothing was stored."""


class StateBusyError(StateError):
    """The storage did not answer in time; trying again can help."""


class KeyReusedError(StateError):
    """An idempotency key came with another body than before."""
