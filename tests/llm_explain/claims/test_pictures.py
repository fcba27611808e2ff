"""Claims that pictures prove: found by the rules, repeated in SQL, and stated in verified sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from llm_explain.attribution.values import PastItem
from llm_explain.claims import ClaimKinds, Evidence, ShopEvidence, Subjects
from llm_explain.claims.picture_kinds import LooksLike, SameColour, picture_kinds
from llm_explain.claims.pictures import Pictures
from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader
from llm_explain.evaluation.audit.tables import Audit
from llm_explain.policy.policy import Policy
from llm_explain.records import Claim
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.realiser import Realiser
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.verifier import Verifier
from llm_explain.writing.prompt_lint import Linter, faulty
from llm_explain.writing.writer import Writer
from scoring.data.catalogue import Catalogue
from scoring.data.history import History
from scoring.data.tables import Tables
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from llm_explain.claims.kind import Findings

AS_OF = pd.Timestamp("2025-06-01")
KINDS = ClaimKinds.installed().extended([LooksLike, SameColour])
N_OTHERS = 110
BLUE = [0.323, 0.792, -1.079, 1.0]


def items_table() -> pd.DataFrame:
    """A blue cushion, a blue clock that looks like it, a blue rug that does not, and others without a likeness."""
    rng = np.random.default_rng(0)
    others = rng.normal(size=(N_OTHERS, 6)) * 0.1 + np.array([0, 1, 0, 0, 0, 0])
    vectors = np.vstack([[1, 0, 0, 0, 0, 0], [1, 0.05, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], others])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near_blue = [0.33, 0.79, -1.06, 0.9]  # 0.02 away
    colours = [BLUE, near_blue, BLUE, *[[0.6, 0.0, 0.0, 1.0]] * N_OTHERS]
    return pd.DataFrame(
        {
            "item_id": ["cushion", "clock", "rug", *[f"o{n}" for n in range(N_OTHERS)]],
            "title": ["Alva cushion", "Brio clock", "Corda rug", *[f"Bowl {n}" for n in range(N_OTHERS)]],
            "category": ["cushions", "clocks", "rugs", *["bowls"] * N_OTHERS],
            "embedding_image": [*vectors.tolist()],
            "embedding_colour": colours,
        }
    )


ITEMS = items_table()


def events(*item_ids: str) -> pd.DataFrame:
    days = pd.Timestamp("2025-05-01T12:00") + pd.to_timedelta(np.arange(len(item_ids)), unit="D")
    return pd.DataFrame({"user_id": "u", "item_id": [*item_ids], "timestamp": days})


def found(
    kind: type[LooksLike | SameColour],
    item: str,
    *bought: str,
    items: pd.DataFrame = ITEMS,
    policy: Policy | None = None,
) -> Findings:
    """Return the findings for one item, all bought items having raised its score, the first one most."""
    catalogue = Catalogue(items)
    tables = Tables(events(*bought), items)
    shop = ShopEvidence(
        catalogue,
        snapshot=Snapshot.build(tables, catalogue, AS_OF),
        promotions=PromotionCalendar(tables.promotions, catalogue),
        policy=policy or Policy(),
    )
    own = History.from_events(tables.events, catalogue, as_of=AS_OF, user_id="u")
    subjects = Subjects.of(Evidence(shop, [own]), np.array([0]), catalogue.index_of([item]))
    past = [
        PastItem(int(place), f"links:{place}", {"links": 1.0 / (n + 1)})
        for n, place in enumerate(catalogue.index_of(bought))
    ]
    return kind().find(subjects.take(np.array([0]), past_items=[past]))


def test_a_past_item_among_the_nearest_pictures_is_named() -> None:
    findings = found(LooksLike, "cushion", "rug", "clock", "o1")
    assert findings.facts_at(0) == {"other_item_id": "clock", "place": 1, "pictures": N_OTHERS + 2}
    assert findings.cites is not None
    assert findings.cites[0].phi == 0.5
    assert not len(found(LooksLike, "cushion", "rug").rows)  # not among the nearest 1 % of 112


def test_of_several_past_items_the_most_alike_is_named() -> None:
    vectors = [*ITEMS["embedding_image"]]
    vectors[2] = [0.96, 0.28, 0, 0, 0, 0]  # the rug: alike too, but less than the clock
    more = ITEMS.tail(100).assign(item_id=[f"p{n}" for n in range(100)], title=[f"Dish {n}" for n in range(100)])
    items = pd.concat([ITEMS.assign(embedding_image=vectors), more])
    assert found(LooksLike, "cushion", "rug", "clock", items=items).facts_at(0)["other_item_id"] == "clock"
    assert found(SameColour, "cushion", "clock", "rug").facts_at(0)["other_item_id"] == "rug"
    assert found(LooksLike, "cushion", "rug", "o1", "clock", items=items).facts_at(0)["other_item_id"] == "rug"


def test_no_picture_is_a_reason_for_what_the_user_bought(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    stated = {LooksLike: {"place": 1, "pictures": N_OTHERS + 2}, SameColour: {"colour": "blue"}}
    for kind, facts in stated.items():
        assert not len(found(kind, "cushion", "clock", "cushion").rows)
        for number, bought in enumerate([("clock", "rug"), ("clock", "cushion")]):
            folder = tmp_path / f"{kind.name}{number}"
            Tables(events(*bought), ITEMS).write(folder)
            claim = stated_by(kind, "cushion", "clocks", {"other_item_id": "clock"} | facts)
            assert bool(Audit(folder, AS_OF, kinds=KINDS).fact_faults([claim])[0]) == (number == 1)


def test_the_nearest_picture_of_a_shop_may_be_unlike(tmp_path: Path) -> None:
    # The clock is nearest to the cushion, but the angle between them is 45 degrees: a distance of 0.77.
    far = ITEMS.copy()
    far.at[1, "embedding_image"] = [0.5**0.5, 0, 0, 0.5**0.5, 0, 0]  # noqa: PD008
    assert not len(found(LooksLike, "cushion", "clock", items=far).rows)
    near = {"other_item_id": "clock", "place": 1, "pictures": N_OTHERS + 2}
    assert audited(tmp_path, far, LooksLike, "cushion", "clocks", near)


def test_a_past_item_that_may_not_be_named_is_passed_over() -> None:
    nameless = ITEMS.assign(title=ITEMS["title"].replace("Brio clock", "1234"))
    assert not len(found(LooksLike, "cushion", "clock", items=nameless).rows)
    twins = ITEMS.assign(title=ITEMS["title"].replace("Brio clock", "Alva cushion"))
    for kind in (LooksLike, SameColour):
        assert not len(found(kind, "cushion", "clock", items=twins).rows)


def test_a_shop_with_few_pictures_has_no_nearest_percent() -> None:
    assert not len(found(LooksLike, "cushion", "clock", items=ITEMS.iloc[:90]).rows)
    bare = ITEMS.copy()
    bare.loc[5:, ["embedding_image", "embedding_colour"]] = None
    assert not len(found(LooksLike, "cushion", "clock", items=bare).rows)


def test_the_same_colour_is_one_name_and_a_small_difference() -> None:
    for other in ("clock", "rug"):
        findings = found(SameColour, "cushion", other, "o1")
        assert findings.facts_at(0) == {"other_item_id": other, "colour": "blue"}
    assert not len(found(SameColour, "o1", "o2").rows)  # grey has no name
    far, mixed = ITEMS.copy(), ITEMS.copy()
    far.at[1, "embedding_colour"] = [0.36, 0.77, -1.05, 0.9]  # noqa: PD008  0.053 away
    mixed.at[1, "embedding_colour"] = [*BLUE[:3], 0.5]  # noqa: PD008
    for items in (far, mixed):
        assert not len(found(SameColour, "cushion", "clock", items=items).rows)


CSS_COLOURS = [
    ("red", (53.2, 80.1, 67.2)),
    ("orange", (69.5, 36.8, 75.5)),
    ("brown", (37.5, 26.4, 41.0)),
    ("yellow", (97.1, -21.6, 94.5)),
    ("green", (46.2, -51.7, 49.9)),
    ("blue", (32.3, 79.2, -107.9)),
    ("purple", (29.8, 58.9, -36.5)),
    ("pink", (83.6, 24.1, 3.3)),
    ("", (60.3, 98.2, -60.8)),  # magenta
    ("", (91.1, -48.1, -14.1)),  # cyan
    ("", (53.6, 0.0, 0.0)),  # grey
    ("", (13.0, 47.5, -64.7)),  # navy
]


def test_colours_have_plain_names_or_none(tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    rows = [
        (f"{side}{n}", f"{side}{n}", f"group {n}", [1.0, 0.0], [*np.round(np.array(lab) / 100, 6).tolist(), 1.0])
        for n, (_, lab) in enumerate(CSS_COLOURS)
        for side in "ab"
    ]
    items = pd.DataFrame(rows, columns=["item_id", "title", "category", "embedding_image", "embedding_colour"])
    names = [name for name, _ in CSS_COLOURS for _ in "ab"]
    assert Pictures(Catalogue(items)).colour_names == names
    Tables(events(*(f"b{n}" for n in range(len(CSS_COLOURS)))), items).write(tmp_path)
    audit = Audit(tmp_path, AS_OF, kinds=KINDS)
    stated = [
        stated_by(SameColour, f"a{n}", f"group {n}", {"other_item_id": f"b{n}", "colour": name or "violet"})
        for n, (name, _) in enumerate(CSS_COLOURS)
    ]
    assert [not faults for faults in audit.fact_faults(stated)] == [name != "" for name, _ in CSS_COLOURS]


def stated_by(
    kind: type[LooksLike | SameColour], item: str, group: str, facts: dict[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Return a record and its claim."""
    claim = {"kind": kind.name, "player": f"group:{group}", "part": "links:1", "phi": 1.0, "share": 0.5, "facts": facts}
    as_of = f"{AS_OF.isoformat()}+00:00"
    return {"user_id": "u", "item_id": item, "as_of": as_of, "reasons": [claim], "statements": []}, claim


def audited(
    folder: Path,
    items: pd.DataFrame,
    kind: type[LooksLike | SameColour],
    item: str,
    group: str,
    facts: dict[str, object],
) -> list[str]:
    """Return what SQL finds wrong with the facts of a claim of a user who bought the clock."""
    pytest.importorskip("duckdb")
    Tables(events("clock"), items).write(folder)
    audit = Audit(folder, AS_OF, kinds=KINDS)
    return audit.fact_faults([stated_by(kind, item, group, facts)])[0]


def test_sql_repeats_the_facts(tmp_path: Path) -> None:
    near = {"other_item_id": "clock", "place": 1, "pictures": N_OTHERS + 2}
    assert audited(tmp_path, ITEMS, LooksLike, "cushion", "clocks", near) == []
    assert audited(tmp_path, ITEMS, LooksLike, "cushion", "clocks", near | {"pictures": 5})
    assert audited(tmp_path, ITEMS, LooksLike, "rug", "clocks", near)
    blue = {"other_item_id": "clock", "colour": "blue"}
    assert audited(tmp_path, ITEMS, SameColour, "cushion", "clocks", blue) == []
    assert audited(tmp_path, ITEMS, SameColour, "cushion", "clocks", blue | {"colour": "green"})
    assert audited(tmp_path, ITEMS, SameColour, "o1", "clocks", blue)


CLAIMS = {
    "looks_like": Claim(
        "looks_like", "group:clocks", "links:1", 1.0, 0.5, {"other_item_id": "clock", "place": 1, "pictures": 112}
    ),
    "same_colour": Claim(
        "same_colour", "group:clocks", "links:1", 1.0, 0.5, {"other_item_id": "clock", "colour": "blue"}
    ),
}


@pytest.mark.parametrize(
    ("kind", "locale", "words"),
    [
        ("looks_like", "en", "looks like"),
        ("looks_like", "zh", "看起来"),
        ("same_colour", "en", "the same blue"),
        ("same_colour", "zh", "是同样的蓝色"),
    ],
)
def test_sentences_are_verified(kind: str, locale: str, words: str) -> None:
    writer = Writer(policy=Policy(), catalogue=Catalogue(ITEMS), kinds=KINDS)
    (text,) = writer.write([SentenceRequest((CLAIMS[kind],), 0, "u", AS_OF)], locale=locale)
    assert text is not None
    assert words in text.text
    assert "Brio clock" in text.text
    reader = Reader(Names.of(Catalogue(ITEMS), locale), locale, kinds=KINDS)
    (mention,) = reader.read(text.text, title="Alva cushion", category="cushions", titles=["Brio clock"])
    assert (mention.kind, mention.name) == (kind, "Brio clock")


@pytest.mark.parametrize(
    ("locale", "text"), [("en", "Because you bought Brio clock."), ("zh", "因为你买过Brio clock。")]
)
def test_the_audit_reads_other_reasons_next_to_pictures(locale: str, text: str) -> None:
    reader = Reader(Names.of(Catalogue(ITEMS), locale), locale, kinds=KINDS)
    (mention,) = reader.read(text, title="Alva cushion", category="cushions", titles=["Brio clock"])
    assert (mention.kind, mention.name) == ("similar_item", "Brio clock")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("same_colour", "This is the same green as “Brio clock”, which you've bought."),
        ("same_colour", "This is the same blue as “Corda rug”, which you've bought."),
        ("same_colour", "You are the same blue as “Brio clock”, which you've bought."),
        ("same_colour", "The same item, the same blue as “Brio clock”, which you've bought."),
        ("looks_like", "This looks like “Corda rug”, which you've bought."),
        ("looks_like", "This looks better than “Brio clock”, which you've bought."),
        ("looks_like", "This is the same as “Brio clock”, which you've bought."),
        ("looks_like", "This looks like “Brio clock”, which you usually buy."),
    ],
)
def test_false_sentences_are_refused(kind: str, text: str) -> None:
    lexicon = load_lexicon("en", KINDS)
    spec = Realiser(lexicon).specify(
        [CLAIMS[kind]], title="Alva cushion", as_of=AS_OF.date(), titles={"clock": "Brio clock", "rug": "Corda rug"}
    )
    good = "This looks like “Brio clock”, which you've bought."
    assert Verifier(lexicon).verify(good, spec).ok == (kind == "looks_like")
    assert not Verifier(lexicon).verify(text, replace(spec)).ok


@pytest.mark.parametrize(
    ("kind", "good", "false"),
    [
        ("same_colour", "这款和你买过的「Brio clock」是同样的蓝色。", "你和你买过的「Brio clock」是同样的蓝色。"),
        ("same_colour", "你买过「Brio clock」，这款是同样的蓝色。", "你买过「Brio clock」，你是同样的蓝色。"),
        ("looks_like", "这款看起来像你买过的「Brio clock」。", "你看起来像你买过的「Brio clock」。"),
        ("looks_like", "你买过「Brio clock」，这款看起来和它很像。", "你买过「Brio clock」，你看起来和它很像。"),
    ],
)
def test_chinese_says_it_of_the_item(kind: str, good: str, false: str) -> None:
    lexicon = load_lexicon("zh", KINDS)
    titles = {"clock": "Brio clock"}
    spec = Realiser(lexicon).specify([CLAIMS[kind]], title="Alva cushion", as_of=AS_OF.date(), titles=titles)
    assert Verifier(lexicon).verify(good, spec).ok
    assert not Verifier(lexicon).verify(false, spec).ok


@pytest.mark.parametrize("locale", ["en", "es", "zh"])
def test_words_pass_the_linter(locale: str) -> None:
    linter = Linter(locale, KINDS)
    clauses = [clause for clause in linter.clauses if clause[2] in (("looks_like",), ("same_colour",))]
    assert len(clauses) >= 6
    assert not faulty(linter.sentence(*clause) for clause in clauses)


def test_the_kinds_are_in_force_where_the_scorer_links_by_pictures() -> None:
    catalogue, both = Catalogue(ITEMS), ("near:embedding_image", "near:embedding_colour")
    assert picture_kinds(catalogue, both) == (SameColour, LooksLike)
    assert picture_kinds(catalogue, ("transitions", "near:embedding_image")) == (LooksLike,)
    assert picture_kinds(catalogue, ("transitions",)) == ()
    assert picture_kinds(Catalogue(ITEMS.drop(columns="embedding_image")), both) == ()
