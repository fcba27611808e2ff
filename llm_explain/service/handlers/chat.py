"""Conversations over HTTP: answers from the stored user, and changes that the user confirmed."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.dialogue import Context, Dialogue
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.schemas.problems import INVALID, ServiceProblem
from llm_explain.text.lexicon import MAX_LOCALES, folder_of

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer
    from llm_explain.service.handlers.user_context_reader import UserContextReader
    from llm_explain.service.schemas.chat import ChatContext, ChatRequest
    from llm_explain.service.state import State
    from llm_explain.service.state.users import StoredUser


class ChatHandler:
    """Answers messages.

    Args:
        explainer: The shop.
        reader: Reads the users' histories.
        state: Stores the changes that users confirm.
    """

    def __init__(self, explainer: Explainer, reader: UserContextReader, state: State) -> None:
        self._explainer, self._reader, self._state = explainer, reader, state
        self._dialogue = lru_cache(maxsize=MAX_LOCALES)(self._open)

    def _open(self, locale: str) -> Dialogue:
        """Return the dialogue of a locale; the regions of a language share what reads messages."""
        language = folder_of(locale)[0]
        like = None if language == locale else self._dialogue(language)
        return Dialogue(self._explainer, locale=locale, like=like)

    def reply(self, body: ChatRequest) -> Answer:
        """Return the answer to a message.

        The call raises ``ServiceProblem`` if the context names what the shop does not have.

        Args:
            body: The request.

        Returns:
            The turn.
        """
        dialogue = self._dialogue(body.locale)
        with self._reader.reading_user(body.user_id, None) as read:
            if body.context is None:
                context = dialogue.start(body.user_id, with_preferences(Context(), read.user), history=read.history)
            else:
                context = with_preferences(self._checked(body.context), read.user)
            of_user: dict[str, Any] = {"history": read.history, "suppressions": read.suppressions}
            turn = dialogue.reply(body.user_id, body.message, context, **of_user)
            if turn.change is not None:
                self._state.users.prefer(body.user_id, preferences_of(turn.context), expects=lambda _: True)
        return Answer(turn.to_dict())

    def _checked(self, given: ChatContext) -> Context:
        context, shop = Context(**given.model_dump(exclude_none=True)), self._explainer.shop
        if not context.names_only(self._explainer.titles, shop.catalogue.category_names, self._explainer.kinds):
            raise ServiceProblem(INVALID, [{"pointer": "#/context", "in": "body", "rule": "unknown_item"}])
        return context


def preferences_of(context: Context) -> dict[str, Any]:
    """Return what a context has switched off, as the state stores it."""
    return {
        "groups_off": [GROUP_PREFIX + name for name in context.groups_off],
        "kinds_off": list(context.kinds_off),
        "personalised": context.is_personal,
    }


def with_preferences(context: Context, user: StoredUser | None) -> Context:
    """Return a context with what the user has switched off in the state."""
    if user is None:
        return context
    groups = tuple(name.removeprefix(GROUP_PREFIX) for name in user.groups_off)
    return replace(context, groups_off=groups, kinds_off=user.kinds_off, is_personal=user.personalised)
