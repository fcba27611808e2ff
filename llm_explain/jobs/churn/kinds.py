"""Every claim kind of churn from events. ``kinds.sql`` repeats each rule over the raw tables.

Windows end at the moment of the explanation: "recent" is ``recent_days`` long, "short" half of it. Two values are
compared only if they differ by at least a tenth of the larger one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.jobs.churn.changes import (
    CameBack,
    Even,
    LowNever,
    LowOften,
    SpendAboveUsual,
    SpendBelowUsual,
    SpendFell,
    SpendRose,
    Uneven,
    VisitsAboveUsual,
    VisitsBelowUsual,
    VisitsFell,
    VisitsRose,
)
from llm_explain.jobs.churn.habits import (
    AskedForSupport,
    CategoryGivenUp,
    HabitsKept,
    NarrowRange,
    PromotedShare,
    WideRange,
)
from llm_explain.jobs.churn.levels import (
    BigSpender,
    CameLately,
    FewVisits,
    FrequentVisits,
    LargeBasket,
    LongestSilence,
    LongSilence,
    ManyVisits,
    Newcomer,
    Overdue,
    RareVisits,
    SmallBasket,
    SmallSpender,
    VisitedLately,
    VisitedLongAgo,
    VisitedOnce,
    VisitedSeldom,
)

if TYPE_CHECKING:
    from llm_explain.jobs.churn.view import ChurnView
    from llm_explain.jobs.drivers import DriverKind

KINDS: Final[tuple[DriverKind[ChurnView], ...]] = tuple(
    each()
    for each in (
        VisitsFell, VisitsRose, SpendFell, SpendRose, VisitsBelowUsual, VisitsAboveUsual,
        SpendBelowUsual, SpendAboveUsual, Overdue, LongestSilence, LongSilence, CameLately, CategoryGivenUp, HabitsKept,
        NarrowRange, WideRange, Uneven, Even, LowOften, LowNever, SmallSpender, BigSpender, SmallBasket, LargeBasket,
        RareVisits, FrequentVisits, FewVisits, ManyVisits, VisitedLongAgo, VisitedLately, Newcomer, VisitedOnce,
        VisitedSeldom, PromotedShare, AskedForSupport, CameBack,
    )
)  # fmt: skip
"""Every claim kind of churn from events."""
