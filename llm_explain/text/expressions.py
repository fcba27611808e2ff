"""Sandboxed Jinja expressions of the files under ``prompts/``.

A writer is opened for each locale, region, currency and catalogue. All of them read the same expressions, so the
generated code is kept for the whole process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import nodes
from jinja2.environment import TemplateExpression
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType


class Compiled(NamedTuple):
    """What an expression is made of.

    Attributes:
        code: The generated code.
        names: Each use of a variable or function.
        attributes: Each use of an attribute of a variable: the variable and the attribute.
    """

    code: CodeType
    names: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]


_COMPILED: dict[tuple[str, frozenset[str]], Compiled] = {}
"""Expressions by their source and the names of the filters. The sources are those of the files, so they are few."""


class Expressions(ImmutableSandboxedEnvironment):
    """An environment that generates the code of each expression once in a process.

    Constants are not folded, so the code does not depend on what a filter returns. A filter of a name must take the
    context in every environment or in none.

    Args:
        filters: Filters by name, besides those of Jinja.
        functions: Functions that expressions can call, by name.
    """

    def __init__(
        self,
        *,
        filters: Mapping[str, Callable[..., Any]] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        super().__init__(autoescape=False, optimized=False)
        self.filters.update(filters or {})
        self.globals.update(functions or {})
        self._filter_names = frozenset(self.filters)

    def compile_expression(self, source: str, undefined_to_none: bool = True) -> TemplateExpression:
        """Return an expression as a function of its variables.

        The call raises ``TemplateError`` if the expression is invalid.

        Args:
            source: The expression.
            undefined_to_none: Whether an undefined value is returned as ``None``.

        Returns:
            The function.
        """
        template = self.template_class.from_code(self, self.compiled(source).code, self.make_globals(None))
        return TemplateExpression(template, undefined_to_none)

    def compiled(self, source: str) -> Compiled:
        """Return an expression's code and what it reads.

        The call raises ``TemplateError`` if the expression is invalid.

        Args:
            source: The expression.

        Returns:
            The code and the names.
        """
        key = source, self._filter_names
        if key not in _COMPILED:
            parser = Parser(self, source, state="variable")
            expression = parser.parse_expression()
            if not parser.stream.eos:
                parser.fail("chunk after expression")
            tree = nodes.Template([nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)], lineno=1)
            tree.set_environment(self)
            code = self.compile(tree)
            _COMPILED[key] = Compiled(
                code,
                tuple(name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"),
                tuple(
                    (each.node.name, each.attr)
                    for each in tree.find_all(nodes.Getattr)
                    if isinstance(each.node, nodes.Name)
                ),
            )
        return _COMPILED[key]
