"""Types of the fields of ``/v1``."""

from __future__ import annotations

from datetime import datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from llm_explain.service.schemas.fields import Moment

MOMENT = TypeAdapter[datetime](Moment)


@pytest.mark.parametrize("text", ["1970-01-01T01:00:00+01:00", "2199-12-31T23:59:59Z", "2200-01-01T05:00:00+06:00"])
def test_a_moment_in_utc_is_a_moment_again(text: str) -> None:
    moment = MOMENT.validate_python(text)
    assert MOMENT.validate_python(moment) == moment


@pytest.mark.parametrize(
    "text",
    ["1970-01-01T00:00:00+14:00", "2199-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23-14:00"],
)
def test_a_moment_that_lies_out_of_range_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(text)
