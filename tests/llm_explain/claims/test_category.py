from __future__ import annotations

from llm_explain.claims.kinds.category_affinity import CategoryAffinity
from llm_explain.claims.kinds.related_category import RelatedCategory
from tests.llm_explain.claims.scene import about, attribution, bought, derive, evidence, find, snapshot


def test_category_affinity_counts_occasions_in_90_days() -> None:
    # Chips and kettle chips at one moment are one occasion; 91 days ago is outside.
    found = find(
        CategoryAffinity, evidence("ridged", bought("tortilla", 91, 30, 12), bought("kettle", 30), bought("milk", 3))
    )
    assert found is not None
    assert found.facts == {"category": "chips", "count": 2, "window_days": 90}
    assert found.licences == {"recently", "current"}  # two in 90 days, and two months among the three


def test_category_affinity_falls_back_to_a_year() -> None:
    found = find(CategoryAffinity, evidence("ridged", bought("tortilla", 366, 365, 30)))
    assert found is not None
    assert found.facts == {"category": "chips", "count": 2, "window_days": 365}


def test_no_window_is_longer_than_the_log() -> None:
    for covered, events, window in (
        (99.2, (95, 30), None),
        (99.2, (95, 30, 10), 90),
        (40.0, (39, 30), None),
        (365.0, (300, 200), 365),
    ):
        young = snapshot(days_covered=covered)
        found = find(CategoryAffinity, evidence("ridged", bought("tortilla", *events), statistics=young))
        assert found is not None
        said = {} if window is None else {"window_days": window}
        assert {name: fact for name, fact in found.facts.items() if fact is not None} == {
            "category": "chips",
            "count": 2,
            **said,
        }


def test_one_purchase_is_no_affinity() -> None:
    assert find(CategoryAffinity, evidence("ridged", bought("tortilla", 3))) is None
    assert find(CategoryAffinity, evidence("ridged", bought("tortilla", 366, 3))) is None


def test_signals_of_two_titles_tell_a_category_without_purchases() -> None:
    # A guest who looked at two chips has looked at chips: no count, no window and no word of degree.
    looked = [bought("tortilla", 2, kind="view"), bought("kettle", 2, kind="view")]
    found = find(CategoryAffinity, evidence("ridged", *looked))
    assert found is not None
    assert found.facts == {"category": "chips", "event_kind": "view"}
    assert not found.licences
    assert find(CategoryAffinity, evidence("ridged", bought("tortilla", 3, 2, kind="view"))) is None
    assert find(CategoryAffinity, evidence("ridged", bought("tortilla", 31, kind="view"), looked[1])) is None
    assert find(CategoryAffinity, evidence("ridged", bought("salsa", 2, kind="view"), looked[1])) is None
    assert find(CategoryAffinity, evidence("ridged", bought("ridged", 200), *looked)) is None
    assert find(RelatedCategory, about(evidence("milk", *looked), "chips")) is None


def test_only_signals_speak_for_the_part_of_the_signals() -> None:
    given = attribution({"group:chips": {"tower": 0.2, "signals": 0.5}})
    looked = [bought("tortilla", 2, kind="view"), bought("kettle", 2, kind="view")]
    for events, part in ((looked, "signals"), ([*looked, bought("kettle", 9, 5)], "tower")):
        found = [
            claim.part for claim in derive(evidence("ridged", *events), given) if claim.kind == "category_affinity"
        ]
        assert found == [part]


def test_related_category_speaks_of_the_group_it_is_asked_about() -> None:
    seen = evidence("ridged", bought("tortilla", 3), bought("milk", 30, 20, 10))
    found = find(RelatedCategory, about(seen, "milk"))
    assert found is not None
    assert found.facts == {"category": "milk", "count": 3, "window_days": 90}
    assert find(RelatedCategory, about(seen, "dips")) is None
