"""What counts as churn: no purchase for some days, or spending far below the user's usual."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ChurnSetting(BaseModel):
    """The label and the windows.

    Attributes:
        target: ``spending``: the spending after the moment is at most ``share`` of the usual. ``silence``: no target
            event after the moment.
        horizon_days: Days after the moment that the label looks at.
        share: Share of the usual spending that counts as churn.
        usual_days: Most days before the moment whose spending is the usual one.
        recent_days: Days before the moment that trends call recent, an even number: texts tell half of them. With the
            target ``spending``, users without a visit in them, and users first seen in them, are not scored.
        step_days: Days between two training moments.
        most_moments: Most training moments.
        support_kinds: Kinds of event in which a user asks for help.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Literal["spending", "silence"] = "spending"
    horizon_days: int = Field(default=56, ge=1)
    share: float = Field(default=0.5, gt=0, lt=1)
    usual_days: int = Field(default=365, ge=2)
    recent_days: int = Field(default=56, ge=2, multiple_of=2)
    step_days: int = Field(default=28, ge=1)
    most_moments: int = Field(default=5, ge=1)
    support_kinds: tuple[str, ...] = ("support", "ticket", "complaint", "contact")
