"""Conversations over HTTP: answers from the stored user, and changes that the user confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_explain.dialogue.turns import Context
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.schemas.problems import INVALID, ServiceProblem

if TYPE_CHECKING:
    from llm_explain.dialogue.dialogues import Dialogues
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

    Attributes:
        dialogues: The dialogue of each locale.
    """

    def __init__(self, explainer: Explainer, reader: UserContextReader, state: State, dialogues: Dialogues) -> None:
        self._explainer, self._reader, self._state, self.dialogues = explainer, reader, state, dialogues

    def reply(self, body: ChatRequest) -> Answer:
        """Return the answer to a message.

        The call raises ``ServiceProblem`` if the context names what the shop does not have.

        Args:
            body: The request.

        Returns:
            The turn.
        """
        dialogue = self.dialogues.of(body.locale)
        with self._reader.reading_user(body.user_id, None) as read:
            given = Context() if body.context is None else self._checked(body.context)
            context = preferring(given, read, self._explainer)
            if body.context is None:
                context = dialogue.start(body.user_id, context, history=read.history)
            of_user: dict[str, Any] = {"history": read.history, "suppressions": read.suppressions}
            turn = dialogue.reply(body.user_id, body.message, context, **of_user)
            if turn.change is not None:
                self._state.users.prefer(body.user_id, turn.context.preferences(), expects=lambda _: True)
        return Answer(turn.to_dict())

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
