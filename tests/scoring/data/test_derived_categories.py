"""Categories from titles: each title of a category contains its name."""

from __future__ import annotations

from collections import Counter

from scoring.data.derived_categories import derive_categories

TITLES = [
    "Red lunch bag", "Lunch bag with dots", "Woodland lunch bag", "Lunch bags, set",
    "Jumbo bag", "Charlotte bag", "Doormat topiary", "Doormat", "Fairy doormat", "Jam jar",
]  # fmt: skip
STOPS = ("red", "with", "set")


def test_pairs_come_first_and_the_rest_has_no_category():
    found = derive_categories(TITLES, stop_words=STOPS, endings=("s",), least_items=3)
    # "lunch bag" is in four titles, one of them in the plural, "doormat" in three; two bags are left, fewer than three.
    assert Counter(found.values()) == {"lunch bags": 4, "doormat": 3}
    found = derive_categories(TITLES, stop_words=STOPS, endings=("s",), least_items=2)
    assert found["Jumbo bag"] == "bag"
    assert "Jam jar" not in found


def test_a_category_is_the_head_of_a_phrase():
    titles = [f"Hanging {what}" for what in ("lamp", "heart", "basket")] + [
        f"{how} holder" for how in ("Wide", "Tall", "Low")
    ]
    found = derive_categories(titles, least_items=3)
    assert set(found.values()) == {"holder"}


def test_each_title_contains_its_category():
    titles = [f"{place} {thing}" for place in ("Home", "Garden", "Kitchen", "Bath") for thing in ("mat", "mug", "bags")]
    found = derive_categories(titles * 2, endings=("s",), least_items=3)
    assert set(found.values()) == {"mat", "mug", "bags"}
    assert all(name in title.casefold() for title, name in found.items())


def test_a_name_takes_in_the_words_that_stand_next_to_it_in_every_title():
    titles = [f"{pattern} hot water bottle{'s' * (n > 1)}" for n, pattern in enumerate(("Fawn", "Owl", "Scotty"))]
    titles += [f"Paper chain kit, {pattern}" for pattern in ("skulls", "vintage", "1950s")]
    found = derive_categories(titles, stop_words=("bottle", "bottles", "paper"), endings=("s",), least_items=3)
    assert set(found.values()) == {"hot water bottles", "paper chain kit"}


def test_a_pencil_case_is_no_pencil():
    titles = [
        f"{pattern} pencil case" for pattern in ("Owl", "Fox", "Star", "Dotty", "Folk", "Nordic", "Retro", "Fern")
    ]
    found = derive_categories([*titles, "Globe pencil sharpener"], stop_words=("case",), least_items=3)
    assert set(found) == set(titles)
    assert set(found.values()) == {"pencil case"}


def test_no_titles_give_no_categories():
    assert derive_categories([]) == {}
    assert derive_categories(["绿茶", "红茶"]) == {}
