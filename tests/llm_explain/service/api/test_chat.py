"""Conversations over HTTP: the context travels, and a confirmed change is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from llm_explain.dialogue.intents import IntentClassifier
from llm_explain.dialogue.name_finder import NameFinder
from llm_explain.service.schemas.chat import ChatReply

if TYPE_CHECKING:
    from starlette.testclient import TestClient

USER = "u03"


def say(client: TestClient, message: str, context: dict[str, Any] | None = None) -> dict[str, Any]:
    """Send a message with the context of the last reply."""
    reply = client.post("/v1/chat", json={"user_id": USER, "message": message, "context": context})
    assert reply.status_code == 200, reply.text
    ChatReply.model_validate(reply.json())
    return reply.json()


def test_a_conversation_begins_with_the_list_of_the_user(client: TestClient) -> None:
    shown = client.post("/v1/recommendations", json={"user_id": USER}).json()["items"]
    turn = say(client, "why the first one?")
    assert turn["context"]["items"] == [item["item_id"] for item in shown]
    assert (turn["intent"], turn["slots"]) == ("why", {"item_id": shown[0]["item_id"]})
    assert turn["verdict"] == {"ok": True}


def test_a_confirmed_change_is_stored_and_counts_in_the_next_list(client: TestClient) -> None:
    asked = say(client, "stop using my cheese purchases")
    assert asked["needs_confirmation"]
    assert client.get(f"/v1/users/{USER}/preferences").json()["preferences"]["groups_off"] == []
    done = say(client, "yes", asked["context"])
    assert done["change"] == {"intent": "stop", "slots": {"category": "cheese"}}
    assert client.get(f"/v1/users/{USER}/preferences").json()["preferences"]["groups_off"] == ["group:cheese"]
    say(client, "yes", say(client, "use cheese again")["context"])
    assert client.get(f"/v1/users/{USER}/preferences").json()["preferences"]["groups_off"] == []


def test_a_hidden_item_stays_hidden_until_it_is_shown_again(client: TestClient) -> None:
    def listed() -> list[str]:
        rows = client.post("/v1/recommendations", json={"user_id": USER, "k": 20}).json()["items"]
        return [row["item_id"] for row in rows]

    def off() -> list[str]:
        return client.get(f"/v1/users/{USER}/preferences").json()["preferences"]["items_off"]

    item = listed()[1]
    asked = say(client, "hide the second one")
    assert off() == []
    done = say(client, "yes", asked["context"])
    assert done["change"] == {"intent": "stop", "slots": {"item_id": item}}
    assert off() == [item]
    assert item not in listed()
    assert item not in say(client, "hello")["context"]["items"], "a conversation of another day"
    assert client.get(f"/v1/users/{USER}/export").json()["preferences"]["items_off"] == [item]
    undone = say(client, "yes", say(client, "undo", done["context"])["context"])
    assert item in undone["context"]["items"]
    assert (off(), item in listed()) == ([], True)
    client.patch(f"/v1/users/{USER}/preferences", json={"items_off": [item]})
    everything = say(client, "yes", say(client, "restore everything")["context"])
    assert (off(), everything["text"]) == ([], "Done. Nothing is switched off or hidden any more.")
    client.patch(f"/v1/users/{USER}/preferences", json={"items_off": [item]})
    record = client.post("/v1/recommendations", json={"user_id": USER}).json()["items"][0]["explanation"]["id"]
    assert client.get(f"/v1/explanations/{record}").json()["reproduced"] is True
    assert client.patch(f"/v1/users/{USER}/preferences", json={"items_off": ["no such item"]}).status_code == 422
    client.delete(f"/v1/users/{USER}")
    assert off() == []


def test_a_context_that_names_what_the_shop_does_not_have_is_refused(client: TestClient) -> None:
    for context in (
        {"items": ["nothing"]},
        {"pending": {"intent": "stop", "slots": {"category": "no such category"}}},
        {"pending": {"intent": "erase", "slots": {"category": "cheese"}}},
        {"pending": {"intent": "stop", "slots": {"kind": "no such kind"}}},
        {"pending": {"intent": "stop", "slots": {"kind": {}}}},
        {"pending": {"intent": ["stop"], "slots": {"all": True}}},
        {"pending": {"intent": "stop", "slots": {}}},
        {"pending": {"intent": "stop"}},
        {"asked": {"slot": 5}},
        {"asked": {"intent": "why", "slots": {"item_id": "00"}, "slot": "item_id", "choices": 5}},
        {"last": []},
    ):
        reply = client.post("/v1/chat", json={"user_id": USER, "message": "yes", "context": context})
        assert reply.status_code == 422, context


def test_a_choice_among_no_intents_is_a_new_question(client: TestClient) -> None:
    """The service answered 500."""
    asked = {"intent": "why", "slots": {}, "slot": "intent", "choices": []}
    assert say(client, "hello", {"asked": asked})["intent"] == "small_talk"


def test_every_context_that_a_reply_returns_is_taken_back(client: TestClient) -> None:
    for message in ("why?", "compare", "stop using this", "what if?", "more like this", "use it again", "forget all"):
        context = say(client, message)["context"]
        for following in ("the second one", "yes", "and apples?"):
            say(client, following, context)


def test_what_feedback_took_back_is_not_said_in_a_conversation_or_on_a_shelf(client: TestClient) -> None:
    first = client.post("/v1/recommendations", json={"user_id": USER}).json()["items"][0]["explanation"]
    assert first["reasons"]
    shelf = client.get(f"/v1/users/{USER}/shelves").json()["shelves"][0]
    kinds = client.get(f"/v1/users/{USER}/preferences").json()["kinds"]
    before = say(client, "why the first one?")
    client.post("/v1/feedback", json={"explanation_id": first["id"], "verdict": "hide_reason"})
    hidden = {(reason["kind"], reason["player"]) for reason in first["reasons"]}
    after = say(client, "why the first one?", before["context"])
    told = after["data"]["explanation"]["reasons"]
    assert not hidden & {(reason["kind"], reason["player"]) for reason in told}
    client.patch(f"/v1/users/{USER}/preferences", json={"kinds_off": kinds})
    titles = [each["title"] for each in client.get(f"/v1/users/{USER}/shelves").json()["shelves"]]
    assert shelf["title"] not in titles


def test_a_conversation_knows_the_catalogue_as_it_is_now(changeable: TestClient) -> None:
    def said(message: str) -> str:
        return str(say(changeable, message, {"items": ["00", "31"]})["text"])

    assert "Apples A" in said("how much is the first one?")
    rows = [{"item_id": "00", "title": "Golden quinces", "price": 3.5}]
    rows.append({"item_id": "n1", "title": "Smoked cheddar", "category": "cheese", "price": 5.3})
    changeable.put("/v1/items", json={"items": rows})
    assert said("how much is the first one?").startswith("“Golden quinces”: $3.50")
    assert said("how much is smoked cheddar?").startswith("Smoked cheddar: $5.30")
    assert say(changeable, "how much is it?", {"items": ["n1"], "focus": "n1"})["text"].startswith("Smoked cheddar")


def test_names_that_changed_are_read_without_a_place_and_once(changeable: TestClient) -> None:
    """The first message after a change held the only place for seconds, and its shopper paid for them."""
    say(changeable, "why?")
    queue, holds, real = changeable.app.state.admission_queue, [], NameFinder.__init__

    def read(self: NameFinder, *given: Any) -> None:
        holds.append(queue.n_running)
        real(self, *given)

    with patch.object(NameFinder, "__init__", read):
        changeable.put("/v1/items", json={"items": [{"item_id": "n1", "title": "Smoked cheddar", "price": 5.3}]})
        for price in (5.3, 4.9):
            changeable.patch("/v1/items/n1", json={"price": price})
            assert f"{price:.2f}" in say(changeable, "how much is smoked cheddar?")["text"]
    assert holds == [0]


def test_names_that_changed_are_read_before_the_next_message(changeable: TestClient) -> None:
    """The first message after a change of titles waited four seconds."""
    say(changeable, "why?")
    before = changeable.app.state.dialogues.of("en")._reader.names
    changeable.put("/v1/items", json={"items": [{"item_id": "n1", "title": "Smoked cheddar", "price": 5.3}]})
    assert not changeable.app.state.dialogues.is_ready("en")
    changeable.app.state.dialogues.renew()  # as the service does each second
    assert changeable.app.state.dialogues.is_ready("en")
    after = changeable.app.state.dialogues.of("en")._reader.names
    assert after._meanings is before._meanings  # categories did not change
    whole = NameFinder(
        after._grammar,
        after._titles,
        after._categories,
        hidden=after._hidden,
        category_of=after._category_of,
    )
    attributes = {*vars(whole)} - {"_grammar", "_holding_of_all", "_meanings"}
    assert {name: getattr(after, name) for name in attributes} == {name: getattr(whole, name) for name in attributes}


def test_regions_of_a_language_share_what_reads_messages(client: TestClient) -> None:
    for locale in ("en", "en-GB", "en-AU"):
        reply = client.post("/v1/chat", json={"user_id": USER, "message": "why the first one?", "locale": locale})
        assert reply.json()["intent"] == "why"
    opened = [client.app.state.chat_handler.dialogues.of(locale)._reader for locale in ("en", "en-GB", "en-AU")]
    assert opened[0] is opened[1] is opened[2]


def test_what_the_first_message_needs_is_loaded_without_a_place(client: TestClient) -> None:
    """Loading the sentence encoder held the only place for eight seconds of processor time."""
    holds = []

    def scores(self: IntentClassifier, messages: list[str]) -> list[dict[str, float]]:
        holds.append(client.app.state.admission_queue.n_running)
        return real(self, messages)

    real = IntentClassifier.scores
    with patch.object(IntentClassifier, "scores", scores):
        say(client, "why the first one?")
    assert holds[0] == 0
    assert holds[-1] == 1


def test_staff_ask_about_any_customer_and_change_for_the_one_that_they_named(client: TestClient) -> None:
    def ask(message: str, context: dict[str, Any] | None = None) -> dict[str, Any]:
        body = {"user_id": USER, "message": message, "context": context, "role": "staff"}
        return client.post("/v1/chat", json=body).json()

    client.patch("/v1/users/u05/preferences", json={"groups_off": ["group:cheese"]})
    told = ask("why did customer u05 get the first one?")
    shown = client.post("/v1/recommendations", json={"user_id": "u05"}).json()["items"]
    assert told["context"]["staff_user"] == "u05"
    assert told["context"]["items"] == [row["item_id"] for row in shown], "the customer's own list"
    done = ask("yes", ask("stop using beer", told["context"])["context"])
    assert done["change"] == {"intent": "stop", "slots": {"category": "beer"}, "user_id": "u05"}
    kept = [client.get(f"/v1/users/{user}/preferences").json()["preferences"]["groups_off"] for user in ("u05", USER)]
    assert kept == [["group:cheese", "group:beer"], []]
    assert ask("why is customer u05 at risk?")["text"] == "No model for that question is loaded."
    assert say(client, "why did customer u05 get the first one?")["context"]["staff_user"] is None
