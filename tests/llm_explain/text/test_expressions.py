"""Expressions: code is shared by environments, filters and functions are not."""

from __future__ import annotations

import pytest
from jinja2 import TemplateAssertionError, TemplateSyntaxError
from jinja2.exceptions import SecurityError

from llm_explain.text.expressions import Expressions


def test_code_is_kept_and_filters_are_those_of_each_environment() -> None:
    one, two = (Expressions(filters={"marked": lambda text, mark=mark: f"{text}{mark}"}) for mark in "12")
    for source in ("name | marked", "'a' | marked"):  # a constant is not folded either
        assert one.compiled(source) is two.compiled(source)
        assert [each.compile_expression(source)(name="a") for each in (one, two)] == ["a1", "a2"]


def test_functions_are_those_of_each_environment() -> None:
    one, two = (Expressions(functions={"add": lambda value, n=n: value + n}) for n in (1, 2))
    assert [each.compile_expression("add(count)")(count=5) for each in (one, two)] == [6, 7]


def test_names_and_attributes_are_every_use() -> None:
    found = Expressions().compiled("value == facts.count and facts.count > f(day)")
    assert found.names == ("value", "facts", "facts", "f", "day")
    assert found.attributes == (("facts", "count"), ("facts", "count"))


def test_an_environment_without_a_filter_refuses_what_another_has_compiled() -> None:
    Expressions(filters={"own": str}).compile_expression("name | own")
    with pytest.raises(TemplateAssertionError, match="No filter named 'own'"):
        Expressions().compile_expression("name | own")


@pytest.mark.parametrize("source", ["name |", "name }} {{ name", "name name"])
def test_what_is_no_expression_is_refused(source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        Expressions().compile_expression(source)


def test_expressions_run_in_a_sandbox() -> None:
    with pytest.raises(SecurityError, match="access to attribute '__class__'"):
        Expressions().compile_expression("name.__class__.__mro__")(name="a")
