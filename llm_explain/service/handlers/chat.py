"""Conversations over HTTP: answers from the stored user, and changes that the user confirmed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from llm_explain.dialogue.turns import Context
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.schemas.problems import INVALID, ServiceProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.dialogue.dialogues import Dialogues
    from llm_explain.dialogue.staff import Staff
    from llm_explain.dialogue.turns import Turn
    from llm_explain.explainer import Explainer
    from llm_explain.service.handlers.user_context_reader import UserContext, UserContextReader
    from llm_explain.service.schemas.chat import ChatContext, ChatRequest
    from llm_explain.state import State


class ChatHandler:
    """Answers messages.

    Args:
        explainer: The shop.
        reader: Reads the users' histories.
        state: Stores the changes that users confirm.
        dialogues: The dialogue of each locale.
        staff: Returns the models that staff ask.

    Attributes:
        dialogues: The dialogue of each locale.
    """

    def __init__(
        self,
        explainer: Explainer,
        reader: UserContextReader,
        state: State,
        dialogues: Dialogues,
        staff: Callable[[], Staff],
    ) -> None:
        self._explainer, self._reader, self._state, self.dialogues = explainer, reader, state, dialogues
        self._staff = staff

    def reply(self, body: ChatRequest) -> Answer:
        """Return the answer to a message; ``ServiceProblem`` if the context names what the shop does not have."""
        given = None if body.context is None else self._checked(body.context)
        if body.role == "shopper":
            return Answer(self._turn(body, body.user_id, given).to_dict())
        self.dialogues.of(body.locale).advise(self._staff())
        customer = (given and given.staff_user) or body.user_id
        turn = self._turn(body, customer, given)
        named = turn.context.staff_user
        if named not in {None, customer}:  # another customer's list, events and preferences
            turn = self._turn(body, str(named), given, is_new=True)
        return Answer(turn.to_dict())

    def _turn(self, body: ChatRequest, user_id: str, given: Context | None, *, is_new: bool = False) -> Turn:
        """Answer a message about a user; a customer that staff just named has a list of its own."""
        dialogue = self.dialogues.of(body.locale)
        with self._reader.reading_user(user_id, None) as read:
            context = preferring(given or Context(), read, self._explainer)
            if given is None or is_new:
                k = 10 if given is None else len(given.items)
                context = dialogue.start(user_id, context, k=k, history=read.history)
            if is_new and given is not None:  # the topic stays
                context = replace(context, focus=given.focus, category=given.category, staff_user=user_id)
                context = replace(context, other_user=given.staff_user or body.user_id, asked=given.asked)
            of_user: dict[str, Any] = {"history": read.history, "suppressions": read.suppressions, "page": body.user_id}
            turn = dialogue.reply(user_id, body.message, context, role=body.role, **of_user)
            if turn.change is not None:
                self._state.users.prefer(user_id, turn.context.preferences(), expects=lambda _: True)
        return turn

    def _checked(self, given: ChatContext) -> Context:
        context, shop = Context(**given.model_dump(exclude_none=True)), self._explainer.shop
        if not context.names_only(self._explainer.titles, shop.catalogue.category_names, self._explainer.kinds):
            raise ServiceProblem(INVALID, [{"pointer": "#/context", "in": "body", "rule": "unknown_item"}])
        return context


def preferring(context: Context, read: UserContext, explainer: Explainer) -> Context:
    """Return a context with what the user has switched off in the state; items that the catalogue lost are left out."""
    user, item_ids = read.user, explainer.shop.catalogue.item_ids
    if user is None:
        return context
    hidden = [str(item_ids[index]) for index in read.history.items_off]
    return context.preferring(user.personalised, user.groups_off, user.kinds_off, hidden)
