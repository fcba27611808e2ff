"""Only strict JSON of bounded size, depth and width is read; refusals never repeat what came."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_explain.service.admission.json_body import BodyLimits, read_json
from llm_explain.service.schemas.problems import ServiceProblem

LIMITS = BodyLimits(max_bytes=10_000, max_depth=5, max_list=100)


@pytest.mark.parametrize(
    ("body", "match"),
    [
        (b"", "EOF while parsing"),
        (b'{"a": 1} x', "trailing characters at line 1 column 10"),
        (b'{"a": NaN}', "expected value at line 1 column 7"),
        (b"-Infinity", "invalid number"),
        (b"1" * 5000, "number out of range"),
        (b'"\\ud800"', "end of hex escape"),
        (b'{"\\udfff": 1}', "lone leading surrogate"),
        (b'"\xed\xa0\x80"', "invalid unicode code point"),
        (b"\xff", "expected value"),
        (b"\xef\xbb\xbf{}", "expected value"),
        ('"ä"'.encode("utf-16"), "expected value"),
    ],
)
def test_what_is_no_strict_json_is_refused(body: bytes, match: str) -> None:
    with pytest.raises(ServiceProblem, match=match) as caught:
        read_json(body, LIMITS)
    assert caught.value.problem.status == 400


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 2}', b'[{"b": {"a": ":", "\\u0061": 2}}]'])
def test_a_field_that_is_given_twice_is_refused(body: bytes) -> None:
    """Another parser in front of the service may take the other value."""
    with pytest.raises(ServiceProblem, match="gives one field twice") as caught:
        read_json(body, LIMITS)
    assert caught.value.problem.status == 400


@pytest.mark.parametrize("body", [b"[" * 6 + b"]" * 6, b'{"a":' * 6 + b"1" + b"}" * 6])
def test_what_is_nested_too_deep_is_refused(body: bytes) -> None:
    with pytest.raises(ServiceProblem, match="nested deeper than the 5 levels"):
        read_json(body, LIMITS)


@pytest.mark.parametrize("body", [b"[" * 9_000, b"[" * 4_000 + b"]" * 4_000, b'{"a":' * 1_900])
def test_depth_beyond_the_parser_is_refused(body: bytes) -> None:
    with pytest.raises(ServiceProblem, match=r"nested deeper than|recursion limit|EOF while parsing"):
        read_json(body, LIMITS)


def test_what_is_too_large_or_too_long_is_refused() -> None:
    with pytest.raises(ServiceProblem, match="larger than the 10000 bytes") as caught:
        read_json(b" " * 10_001, LIMITS)
    assert caught.value.problem.status == 413
    with pytest.raises(ServiceProblem, match="more than 100 entries") as caught:
        read_json(json.dumps([0] * 101).encode(), LIMITS)
    assert caught.value.problem.status == 413


def test_a_pair_of_surrogates_is_a_character() -> None:
    assert read_json(b'"\\ud83d\\ude00"', LIMITS) == "\N{GRINNING FACE}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip


@settings(deadline=None)
@given(json_values)
def test_strict_json_comes_out_as_it_went_in(value: object) -> None:
    limits = BodyLimits(max_bytes=1_000_000, max_depth=20, max_list=100)
    assert read_json(json.dumps(value).encode(), limits) == value


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_a_refusal_repeats_nothing(body: bytes) -> None:
    """No JSON begins with qqq, so all of these are refused."""
    with pytest.raises(ServiceProblem, match="expected value at line 1 column 1") as caught:
        read_json(b"qqq" + body, LIMITS)
    assert "qqq" not in caught.value.problem.detail
