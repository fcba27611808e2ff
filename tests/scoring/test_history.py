"""A user's events before a moment."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scoring.catalogue import Catalogue
from scoring.history import History

AS_OF = pd.Timestamp("2017-12-01")


def test_what_the_table_does_not_say_has_a_default_in_a_missing_column_and_in_a_missing_value():
    catalogue = Catalogue(pd.DataFrame({"item_id": ["a", "b"], "title": ["A", "B"], "category": ["x", "y"]}))
    events = pd.DataFrame(
        {"user_id": ["u", "u"], "item_id": ["a", "b"], "timestamp": [AS_OF - pd.Timedelta(days=day) for day in (2, 1)]}
    )
    bare = History.from_events(events, catalogue, as_of=AS_OF)
    holed = events.assign(quantity=[np.nan, 2.0], price=[np.nan, 3.0], store_id=pd.array([None, "s1"], dtype="str"))
    partly = History.from_events(holed, catalogue, as_of=AS_OF)
    assert (bare.quantity[0], bare.kind[0], bare.store_id[0]) == (1.0, "purchase", "")
    assert (partly.quantity.tolist(), partly.store_id.tolist()) == ([1.0, 2.0], ["", "s1"])
    assert np.isnan(bare.price).all()
    assert np.isnan(partly.price[0])
    assert partly.price[1] == 3.0
