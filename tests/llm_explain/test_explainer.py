"""The whole pipeline on the small shop: ranks, attributions, claims, texts, and every face of the explainer."""

from __future__ import annotations

import datetime as dt
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from shop import SMALL, events_table, items_table

from llm_explain import Explainer
from llm_explain.errors import ArtifactError, PromptError, SettingError, TableError, UnknownGroupError, UnknownItemError
from llm_explain.pipeline import NEUTRAL, NOTHING_TO_SAY
from llm_explain.policy.policy import Policy
from llm_explain.text.surfaces import load_surfaces
from scoring.data.tables import TIMESTAMP, USER_ID, Tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.history import History


@pytest.fixture(scope="module")
def explainer(shop_artifacts: Path) -> Explainer:
    return Explainer.load(shop_artifacts, language_model=None)


def test_a_list_is_ranked_explained_and_adds_up(explainer: Explainer) -> None:
    rows = explainer.recommend("u00", k=10, section=None)
    assert [row.rank for row in rows] == list(range(1, 11))
    scores = [row.attribution.score for row in rows]
    assert scores == sorted(scores, reverse=True)
    for row in rows:
        total = row.attribution.base_value + sum(row.attribution.values)
        assert total == pytest.approx(row.attribution.score, abs=1e-4)
        assert all(claim.phi > 0 and claim.share >= 0.1 for claim in row.reasons)
        if row.text is None:
            assert row.reason_code == NOTHING_TO_SAY
            assert row.reasons == row.statements == ()
        else:
            assert row.text.verdict.ok
            assert bool(row.reasons) != bool(row.statements)
            assert (row.reason_code == NEUTRAL) == bool(row.statements)


def test_data_frames_are_trained_on_and_explained(tmp_path: Path) -> None:
    frames = {"events": events_table(), "items": items_table()}
    trained = Explainer.train(frames, tmp_path / "artifacts", config=SMALL, language_model=None)
    assert trained.recommend("u00", k=1)[0].text is not None
    assert (tmp_path / "artifacts" / "manifest.json").is_file()


def test_training_on_frames_names_the_missing_table(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="the table 'events' is missing but is needed"):
        Explainer.train({"items": items_table()}, tmp_path)


def test_a_moment_may_be_text_or_aware(explainer: Explainer) -> None:
    moments = ("2017-11-01", dt.datetime(2017, 11, 1), pd.Timestamp("2017-11-01T02:00+02:00"))
    ranked = [explainer.rank("u00", k=3, as_of=moment) for moment in moments]
    assert ranked[0] == ranked[1] == ranked[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"as_of": "9999-12-31"}, "as_of is '9999-12-31' but a year from 1678 to 2261 is needed"),
        ({"tone": "rude"}, "tone is 'rude' but one of friendly, concise, formal is needed"),
        ({"k": 0}, "k is 0 but a whole number of at least 1 is needed"),
        ({"k": 2.5}, "k is 2.5 but a whole number of at least 1 is needed"),
    ],
)
def test_a_wrong_argument_is_named(explainer: Explainer, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        explainer.recommend("u00", **arguments)


def test_no_two_texts_of_a_list_share_a_skeleton(explainer: Explainer) -> None:
    skeletons = [row.text.skeleton for row in explainer.recommend("u02", k=10, section=None) if row.text]
    assert len(skeletons) >= 5
    assert len(set(skeletons)) == len(skeletons)


def test_the_same_request_gives_the_same_records(shop_artifacts: Path, explainer: Explainer) -> None:
    again = Explainer.load(shop_artifacts, language_model=None)
    first = [row.to_dict() for row in explainer.recommend("u01", k=5)]
    assert first == [row.to_dict() for row in again.recommend("u01", k=5)]
    assert json.loads(json.dumps(first, allow_nan=False)) == first


def test_explain_and_recommend_agree_on_the_same_item(explainer: Explainer) -> None:
    best = explainer.recommend("u03", k=1, section=None)[0]
    (row,) = explainer.explain("u03", [best.item_id])
    assert row.to_dict() == best.to_dict()


def test_events_at_or_after_as_of_do_not_count(explainer: Explainer, shop_tables: Tables) -> None:
    as_of = pd.Timestamp("2017-09-01")
    events = shop_tables.events
    past = events[(events[USER_ID] == "u04") & (events[TIMESTAMP] < as_of)]
    known = explainer.rank("u04", k=40, as_of=as_of)
    from_request = explainer.rank(history=past.drop(columns=USER_ID), k=40, as_of=as_of)
    assert [(row.item_id, row.score) for row in known] == [(row.item_id, row.score) for row in from_request]


def test_an_unknown_user_is_explained_from_context_alone(explainer: Explainer) -> None:
    assert explainer.is_cold("nobody")
    rows = explainer.recommend("nobody", k=5)
    assert len(rows) == 5
    assert all(player.startswith("context:") for row in rows for player in row.attribution.players)


def test_an_empty_history_is_a_new_user(explainer: Explainer) -> None:
    empty = pd.DataFrame({"item_id": pd.Series(dtype="str"), "timestamp": pd.Series(dtype="datetime64[ns]")})
    assert explainer.rank(history=empty, k=3) == explainer.rank("nobody", k=3)


def test_what_if_equals_scoring_a_shortened_log(explainer: Explainer, shop_tables: Tables) -> None:
    user = "u05"
    shelf_player = next(p for p in explainer.recommend(user, k=1)[0].attribution.players if p.startswith("group:"))
    category = shelf_player.removeprefix("group:")
    items = shop_tables.items
    inside = items.loc[items["category"] == category, "item_id"]
    rows = explainer.what_if(user, without=[shelf_player], item_ids=items["item_id"].tolist())
    events = shop_tables.events
    kept = events[(events[USER_ID] == user) & ~events["item_id"].isin(inside)]
    fresh = {row.item_id: row for row in explainer.rank(history=kept.drop(columns=USER_ID), k=len(items))}
    checked = [row for row in rows if row.item_id in fresh]
    assert len(checked) >= 30
    for row in checked:
        assert row.score_without == pytest.approx(fresh[row.item_id].score, abs=1e-4)
        assert row.rank_without == fresh[row.item_id].rank
    assert any(abs(row.score - row.score_without) > 1e-3 for row in checked)


def test_fewer_purchases_are_no_reason_to_rank_higher(explainer: Explainer) -> None:
    counts = re.compile(r"bought (?:it|them|this|these) (\d+) times.*bought (?:it|them|this|these) (\d+) times")
    found = []
    for user in ("u00", "u01", "u03", "u06"):
        items = [each.item_id for each in explainer.rank(user, k=8)]
        texts = [explainer.contrast(user, one, other).text for one, other in pairwise(items)]
        found += [match.groups() for text in texts if text and (match := counts.search(text.text))]
    assert all(int(higher) > int(lower) for higher, lower in found), found


def test_contrast_adds_up_to_the_difference_of_the_scores(explainer: Explainer) -> None:
    answer = explainer.contrast("u06", "00", "31")
    total = answer.base_difference + sum(answer.differences.values())
    assert total == pytest.approx(answer.score_difference, abs=2e-4)
    scores = {row.item_id: row.attribution.score for row in explainer.explain("u06", ["00", "31"])}
    assert answer.score_difference == pytest.approx(scores["00"] - scores["31"], abs=1e-6)


def test_shelves_name_their_group_and_hold_new_items(explainer: Explainer, shop_tables: Tables) -> None:
    as_of = pd.Timestamp("2017-03-01")  # early, when there is something that the user has not bought
    shelves = explainer.shelves("u07", k=4, as_of=as_of)
    assert shelves
    events = shop_tables.events
    bought = set(events.loc[(events[USER_ID] == "u07") & (events[TIMESTAMP] < as_of), "item_id"])
    assert not bought & {item.item_id for shelf in shelves for item in shelf.items}
    for shelf in shelves:
        name = shelf.player.removeprefix("group:")
        assert name in shelf.title
        assert 1 <= len(shelf.items) <= 4
        assert all(item.phi > 0 for item in shelf.items)


def test_the_items_of_the_largest_group_may_be_players(explainer: Explainer) -> None:
    ids = [row.item_id for row in explainer.rank("u03", k=12)]
    rows = explainer.explain("u03", ids, players="items")
    plain = explainer.explain("u03", ids)
    n_items = 0
    for row, bare in zip(rows, plain, strict=True):
        for value, parts, before in zip(
            row.attribution.values, row.attribution.parts, bare.attribution.parts, strict=True
        ):
            items = {name: part for name, part in parts.items() if name.startswith("item:")}
            n_items += len(items)
            assert sum(parts.values()) == pytest.approx(value, abs=1e-9)
            assert sum(before.values()) == pytest.approx(value, abs=1e-9)
    assert n_items > 12
    with pytest.raises(SettingError, match="players is 'rows' but 'groups' or 'items' is needed"):
        explainer.explain("u03", ids, players="rows")  # type: ignore[arg-type]


def test_any_callable_can_be_explained(shop_tables: Tables) -> None:
    """A scorer that counts events: every event of cheese or soup adds one to each item of cheese."""
    category = shop_tables.items["category"].to_numpy()
    by_id = dict(zip(shop_tables.items["item_id"], category, strict=True))

    def score(histories: Sequence[History], item_ids: Sequence[str]) -> np.ndarray:
        counts = [np.isin(category[history.item_index], ["cheese", "soup"]).sum() for history in histories]
        is_cheese = [by_id[item_id] == "cheese" for item_id in item_ids]
        return np.outer(counts, is_cheese).astype(float)

    explainer = Explainer.over(score, shop_tables, as_of=pd.Timestamp("2017-12-01"))
    row = explainer.recommend("u08", k=1)[0]
    values = dict(zip(row.attribution.players, row.attribution.values, strict=True))
    history = explainer.events.history("u08", explainer.as_of)
    for name in ("cheese", "soup"):
        events = int((category[history.item_index] == name).sum())
        assert values.get(f"group:{name}", 0.0) == pytest.approx(events, abs=1e-9)
    assert row.probability is None
    assert {claim.kind for claim in row.reasons} <= {"category_affinity", "related_category", "similar_item"}
    with pytest.raises(SettingError, match="the scorer is a plain callable but what-if needs the glass-box scorer"):
        explainer.what_if("u08", without=["group:cheese"])
    with pytest.raises(SettingError, match="items as players needs the glass-box scorer"):
        explainer.explain("u08", [str(row.item_id)], players="items")


@pytest.mark.parametrize("section", ["mixed", None])
def test_in_a_shop_without_named_categories_past_items_are_players(
    shop_artifacts: Path, monkeypatch: pytest.MonkeyPatch, section: Any
) -> None:
    explainer = Explainer.load(shop_artifacts, language_model=None)

    def item_parts() -> int:
        rows = explainer.recommend("u03", k=8, section=section)
        parts = [part for row in rows for player in row.attribution.to_records() for part in player["parts"]]
        return sum(part.startswith("item:") for part in parts)

    assert item_parts() == 0
    monkeypatch.setattr(Policy, "may_name_category", lambda *_: False)
    del explainer.shop.names_categories
    assert item_parts() > 0


def test_a_black_box_may_read_frames(shop_tables: Tables) -> None:
    def of_histories(histories: list[History], item_ids: list[str]) -> np.ndarray:
        return np.array([[float(len(history)) * len(item_id) for item_id in item_ids] for history in histories])

    def of_frames(frames: list[pd.DataFrame], item_ids: list[str]) -> np.ndarray:
        assert all(set(frame["user_id"]) <= {"u08"} for frame in frames)
        return np.array([[float(len(frame)) * len(item_id) for item_id in item_ids] for frame in frames])

    moment = pd.Timestamp("2017-12-01")
    read = Explainer.over(of_histories, shop_tables, as_of=moment).recommend("u08", k=2)
    framed = Explainer.over(of_frames, shop_tables, as_of=moment, as_frames=True).recommend("u08", k=2)
    assert [row.attribution.to_records() for row in framed] == [row.attribution.to_records() for row in read]
    assert framed[0].provenance["scorer"].endswith("of_frames")


def test_an_unknown_item_is_refused_with_near_matches(explainer: Explainer) -> None:
    with pytest.raises(UnknownItemError, match=r"item '000' is not in the catalogue of 40 items.*Did you mean 00"):
        explainer.explain("u00", ["000"])


def test_an_unknown_group_is_refused_with_near_matches(explainer: Explainer) -> None:
    with pytest.raises(UnknownGroupError, match=r"'group:chese' but one of this user's .* Did you mean 'group:cheese'"):
        explainer.what_if("u00", without=["group:chese"])


def test_neither_user_nor_history_is_refused(explainer: Explainer) -> None:
    with pytest.raises(SettingError, match="neither a user nor a history is given but one of them is needed"):
        explainer.recommend()


def test_a_history_of_unknown_items_is_refused(explainer: Explainer) -> None:
    history = pd.DataFrame({"item_id": ["nope"], "timestamp": [pd.Timestamp("2017-01-05")]})
    with pytest.raises(TableError, match="item_id"):
        explainer.recommend(history=history)


def test_missing_artifacts_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"holds no manifest.json but trained artifacts are needed"):
        Explainer.load(tmp_path)


def test_a_changed_artifact_is_refused_by_hash(shop_artifacts: Path, tmp_path: Path) -> None:
    for source in shop_artifacts.rglob("*"):
        target = tmp_path / source.relative_to(shop_artifacts)
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    with pytest.raises(ArtifactError, match="the file changed after training"):
        Explainer.load(tmp_path, language_model=None)


@pytest.mark.parametrize(("locale", "surface"), [("en", "push"), ("en", "card"), ("zh", "push"), ("zh", "detail")])
def test_a_surface_sets_length_and_tone(explainer: Explainer, locale: str, surface: str) -> None:
    limits = load_surfaces(locale)[surface]
    rows = explainer.recommend("u01", k=8, locale=locale, surface=surface)
    texts = [row.text for row in rows if row.text]
    assert len(texts) >= 3
    assert all(len(text.text) <= limits.max_length and text.verdict.ok for text in texts)
    assert {row.tone for row in rows} == {limits.tone}


def test_a_short_text_names_fewer_reasons_and_the_record_says_which(explainer: Explainer) -> None:
    for short, whole in zip(
        explainer.recommend("u02", k=8, max_length=45, tone="concise"),
        explainer.recommend("u02", k=8, tone="concise"),
        strict=True,
    ):
        if short.text is not None:
            assert len(short.text.text) <= 45
            assert short.reasons == whole.reasons[: len(short.reasons)]


def test_chinese_comes_from_hand_written_sentences(explainer: Explainer) -> None:
    rows = explainer.recommend("u01", k=6, locale="zh", tone="formal")
    texts = [row.text for row in rows if row.text]
    assert texts
    for text in texts:
        assert not text.is_ai_generated
        assert text.text.endswith(("。", "？"))


def test_unknown_surfaces_and_locales_are_refused(explainer: Explainer) -> None:
    with pytest.raises(SettingError, match="surface is 'poster' but one of card, detail, email, push is needed"):
        explainer.recommend("u01", surface="poster")
    with pytest.raises(PromptError, match="locale is 'xx' but one of en, es, zh is needed"):
        explainer.explain("u01", ["i000"], locale="xx")


def test_readings_of_known_users_are_kept_until_they_are_to_be_forgotten(shop_artifacts: Path) -> None:
    explainer = Explainer.load(shop_artifacts, language_model=None)
    users = explainer.reader.users
    assert users is not None
    first = [row.to_dict() for row in explainer.recommend("u01", k=5)]
    assert (users.n_misses, users.n_hits, len(users)) == (1, 0, 1)
    assert [row.to_dict() for row in explainer.recommend("u01", k=5)] == first
    assert (users.n_misses, users.n_hits) == (1, 1)
    explainer.recommend("u01", k=5, as_of=explainer.as_of - pd.Timedelta(days=30))
    assert len(users) == 2  # another moment is another history
    explainer.reader.forget()
    assert not len(users)


def test_a_history_that_came_with_a_request_is_not_kept(shop_artifacts: Path) -> None:
    explainer = Explainer.load(shop_artifacts, language_model=None)
    events = pd.read_parquet(shop_artifacts / "tables" / "events.parquet")
    own = events[events[USER_ID] == "u01"][["item_id", TIMESTAMP]]
    explainer.recommend(history=own, k=3)
    explainer.recommend("u01", history=own, k=3)  # whoever it is of
    assert explainer.reader.users is not None
    assert not len(explainer.reader.users)


def test_surfaces_differ_in_length_facts_and_subject_lines(explainer: Explainer) -> None:
    texts = {}
    for surface in ("card", "detail", "email", "push"):
        rows = [row for user in ("u00", "u01", "u02") for row in explainer.recommend(user, k=8, surface=surface)]
        texts[surface] = {(row.user_id, row.item_id): row.text.text for row in rows if row.text}
        assert all(row.text is None or row.text.verdict.ok for row in rows)
        assert all((row.subject_line is not None) <= (surface == "email") for row in rows)
        for row in rows:  # behind the name of another item, "this" would be that one
            first, _, second = row.text.skeleton.partition(". ") if row.text else ("", "", "")
            assert not second or "other_item}" not in first or "{item}" in second
    assert max(map(len, texts["push"].values())) <= 60
    shared = texts["email"].keys() & texts["detail"].keys()
    assert len(shared) > 10
    assert all(texts["email"][card] != texts["detail"][card] for card in shared)
    formal = {(row.user_id, row.item_id): row.text for row in explainer.recommend("u00", k=8, tone="formal")}
    assert any(text and text.text != texts["email"].get(card) for card, text in formal.items())


def test_an_email_names_the_item_and_adds_a_fact(explainer: Explainer) -> None:
    rows = [row for user in ("u00", "u01", "u02") for row in explainer.recommend(user, k=8, surface="email")]
    lines = [row.subject_line for row in rows if row.subject_line]
    assert len(lines) > 10
    assert all(len(line.text) <= 60 and not line.text.endswith(".") for line in lines)
    assert sum(line.skeleton == "{item}" for line in lines) <= 2  # a title alone says nothing
    for row in rows:  # the subject does not stand there twice, and a crowd is no reason to buy again
        assert row.text is None or row.subject_line is None or not row.text.text.startswith(row.subject_line.text + ".")
        if row.section == "again":
            assert not {"popular", "best_seller", "buyers"} & {claim.kind for claim in (*row.reasons, *row.statements)}
    with_fact = [row for row in rows if row.reasons and row.statements]
    assert with_fact
    for row in with_fact:
        assert row.text is not None
        assert row.text.text.count(". ") == 1
        kinds = {claim.kind for claim in row.reasons}
        assert not kinds & {claim.kind for claim in row.statements}
