"""Uses the package that openapi-python-client made. Arguments: the service's address and a key."""

import sys

from shop_client import AuthenticatedClient
from shop_client.api.accounts import change_preferences, export_user
from shop_client.api.explaining import recommend
from shop_client.api.shop import put_item
from shop_client.models import (
    Changed,
    Export,
    ItemFields,
    Items,
    ItemsOfUsers,
    PreferencesPatch,
    PreferencesReply,
    ProblemDocument,
    RecommendationRequest,
)

address, key = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=key)
answer = recommend.sync(client=client, body=RecommendationRequest(user_id="u00", k=3))
assert isinstance(answer, Items)
assert answer.items[0].explanation.text
many = recommend.sync(client=client, body=RecommendationRequest(users=["u00", "u01"], k=2))
assert isinstance(many, ItemsOfUsers)
assert [result.user_id for result in many.results] == ["u00", "u01"]
problem = recommend.sync(client=client, body=RecommendationRequest())
assert isinstance(problem, ProblemDocument)
assert problem.status == 422
change = put_item.sync("n1", client=client, body=ItemFields(title="Smoked cheddar", category="cheese"))
assert isinstance(change, Changed)
assert change.as_of.tzinfo is not None
preferences = change_preferences.sync("u00", client=client, body=PreferencesPatch(personalised=False))
assert isinstance(preferences, PreferencesReply)
export = export_user.sync("u00", client=client)
assert isinstance(export, Export)
assert export.events[0].timestamp.tzinfo is not None
