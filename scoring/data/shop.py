"""Settings of one shop (``shop.yaml`` next to the tables), and its clock.

A table's rows mean nothing without them: which kinds of event are purchases, and which day a moment belongs to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from scoring.data.proposals import Proposals
from scoring.data.ratings import LIKE, RATE, Ratings
from scoring.errors import TableError

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "shop.yaml"

PURCHASE: Final = "purchase"
"""The kind of an event whose table has no ``kind`` column."""

RETURN_KINDS: Final = ("return", "refund", "cancel", "cancelled", "cancellation")

Kind = Annotated[str, Field(min_length=1)]
Moments = npt.NDArray[np.datetime64]
"""Moments without a zone, ``datetime64[ns]``, shape ``(n,)``."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Converts between UTC and the local time of a shop.

    Attributes:
        time_zone: Name of the zone in the IANA database, for example ``America/New_York``.
    """

    time_zone: str = "UTC"

    @overload
    def local(self, moment: pd.Timestamp) -> pd.Timestamp: ...
    @overload
    def local(self, moment: int) -> int: ...
    @overload
    def local(self, moment: Moments) -> Moments: ...
    @overload
    def local(self, moment: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]: ...

    def local(
        self, moment: pd.Timestamp | int | Moments | npt.NDArray[np.int64]
    ) -> pd.Timestamp | int | Moments | npt.NDArray[np.int64]:
        """Return local wall time.

        Args:
            moment: UTC without a zone: a timestamp, nanoseconds since 1970, or an array of either, shape ``(n,)``.

        Returns:
            Wall time of the shop without a zone, of the type that came; ``NaT`` stays ``NaT``.
        """
        if isinstance(moment, pd.Timestamp):
            return moment.tz_localize("UTC").tz_convert(self.time_zone).tz_localize(None)
        if isinstance(moment, np.ndarray):
            if self.time_zone == "UTC":
                return moment
            utc = pd.DatetimeIndex(moment.astype("datetime64[ns]")).tz_localize("UTC")
            wall = utc.tz_convert(self.time_zone).tz_localize(None).to_numpy(dtype="datetime64[ns]")
            return wall if moment.dtype.kind == "M" else wall.astype(np.int64)
        return int(self.local(pd.Timestamp(moment)).value)

    @overload
    def utc(self, wall: pd.Timestamp) -> pd.Timestamp: ...
    @overload
    def utc(self, wall: Moments) -> Moments: ...

    def utc(self, wall: pd.Timestamp | Moments) -> pd.Timestamp | Moments:
        """Return the moments of local wall times.

        A wall time that occurs twice means the earlier moment. One that a change of the clock skips means the moment
        of the change.

        Args:
            wall: Wall time of the shop without a zone, a timestamp or an array, shape ``(n,)``.

        Returns:
            UTC without a zone, of the type that came; ``NaT`` stays ``NaT``.
        """
        if isinstance(wall, pd.Timestamp):
            return pd.Timestamp(self.utc(np.array([wall.to_datetime64()], dtype="datetime64[ns]"))[0])
        times = pd.DatetimeIndex(wall)
        earlier = np.ones(len(times), dtype=bool)  # of two moments with one wall time, summer time comes first
        local = times.tz_localize(self.time_zone, ambiguous=earlier, nonexistent="shift_forward")
        return local.tz_convert("UTC").tz_localize(None).to_numpy(dtype="datetime64[ns]")


class Shop(BaseModel):
    """What the tables of one shop mean.

    Attributes:
        name: The shop's name.
        time_zone: Zone of the shop's days, weeks and months, in the IANA database.
        times: What a time without a zone means at import: UTC or local time. With ``order``, times only say the order
            of events.
        currency: ISO 4217 code of the prices; ``None`` if the shop does not state it.
        locale: Language of the shop, optionally with a region, for example ``en-US``.
        target_kinds: Kinds of event that the scorer predicts and that habits and crowds count.
        return_kinds: Kinds of event that take back a target event of the same user and item. If not given and
            purchases are no target kind, there are none.
        own_brands: Brands of the items table that are the shop's own.
        brands_are: What the brands of the items table are: ``makers``, or ``creators`` such as authors and artists.
        ratings: What ratings mean; ``None`` for a log without ratings, and before an import has proposed it.
        proposals: What an import proposes, and the shop's decisions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""
    time_zone: str = "UTC"
    times: Literal["utc", "local", "order"] = "utc"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    locale: str = Field(default="en", pattern=r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$")
    target_kinds: tuple[Kind, ...] = Field(default=(PURCHASE,), min_length=1)
    return_kinds: tuple[Kind, ...] = RETURN_KINDS
    own_brands: tuple[Kind, ...] = ()
    brands_are: Literal["makers", "creators"] = "makers"
    ratings: Ratings | None = None
    proposals: Proposals = Proposals()

    @model_validator(mode="before")
    @classmethod
    def _takes_back_purchases(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "return_kinds" in values:
            return values
        is_of_purchases = PURCHASE in values.get("target_kinds", (PURCHASE,))
        return {**values, "return_kinds": RETURN_KINDS if is_of_purchases else ()}

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("it is not in the IANA database of time zones; Europe/Berlin is, for example") from error
        return name

    @model_validator(mode="after")
    def _has_distinct_kinds(self) -> Self:
        both = sorted({*self.target_kinds} & {*self.return_kinds})
        if both:
            raise ValueError(f"the kind {both[0]!r} is in target_kinds and in return_kinds")
        return self

    @property
    def as_meant(self) -> Shop:
        """The settings for events whose ratings are likes and dislikes (``scoring.data.ratings.as_meant``)."""
        if self.ratings is None or RATE not in self.ratings.kinds or RATE not in self.target_kinds:
            return self
        kinds = dict.fromkeys(LIKE if kind == RATE else kind for kind in self.target_kinds)
        return self.model_copy(update={"target_kinds": tuple(kinds)})

    @cached_property
    def clock(self) -> Clock:
        """The shop's clock."""
        return Clock(self.time_zone)

    @classmethod
    def of(cls, values: object, *, source: str = FILE) -> Shop:
        """Check settings.

        Args:
            values: Settings by name; those left out keep their defaults.
            source: What to call them in messages.

        Returns:
            The settings.

        Raises:
            TableError: If a setting is unknown or has a value that it cannot have.
        """
        try:
            return cls.model_validate({} if values is None else values)
        except ValidationError as error:
            found = "; ".join(
                f"{'.'.join(map(str, each['loc'])) or 'the content'} is {each['input']!r} but "
                f"{each['msg'].removeprefix('Value error, ')}"
                for each in error.errors()
            )
            raise TableError(f"{source}: {found}. The settings are {', '.join(cls.model_fields)}.") from error

    @classmethod
    def read(cls, folder: Path) -> Shop:
        """Read ``shop.yaml``.

        Args:
            folder: The folder of the tables.

        Returns:
            The settings; the defaults if the folder has no such file.
        """
        path = folder / FILE
        return cls.of(_values(path), source=str(path)) if path.exists() else cls()

    def changed_by(self, file: Path) -> Shop:
        """Return the settings with those of a file in place of their own.

        Args:
            file: A file like ``shop.yaml``; settings that it leaves out stay.

        Returns:
            The settings.

        Raises:
            TableError: If the file cannot be read, or changes what a trained model means by the tables.
        """
        given = _values(file)
        shop = Shop.of({**self.model_dump(mode="json"), **(given or {})}, source=str(file))
        for name in ("time_zone", "times", "target_kinds", "return_kinds", "ratings"):
            if (changed := getattr(shop, name)) != (trained := getattr(self, name)):
                raise TableError(
                    f"{file}: {name} is {changed!r} but the model was trained with {trained!r}. Leave it out of this "
                    "file, or train again."
                )
        return shop

    def write(self, folder: Path) -> None:
        """Write ``shop.yaml``.

        Args:
            folder: The folder of the tables, which exists.
        """
        text = yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
        (folder / FILE).write_text(text, encoding="utf-8")


def _values(path: Path) -> dict[str, Any] | None:
    """Return the settings that a YAML file holds; ``None`` if it is empty."""
    try:
        found: dict[str, Any] | None = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise TableError(
            f"{path} is not readable YAML but the settings of a shop are needed ({error}). Correct the file."
        ) from error
    return found
