"""Uses the models that datamodel-code-generator made. Arguments: the service's address and a key."""

import sys

import httpx
from models import ExplanationRequest, Export, Items, RecommendationRequest, RecordReply

address, key = sys.argv[1:]
with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client:
    for path, body in (
        ("recommendations", RecommendationRequest(user_id="u01", k=3, detail="full")),
        ("explanations", ExplanationRequest(user_id="u01", item_ids=["31", "gone"])),
    ):
        reply = client.post(f"/v1/{path}", json=body.model_dump(mode="json", exclude_none=True))
        items = Items.model_validate(reply.raise_for_status().json()).items
        assert items[0].explanation is not None
    assert items[1].status.value == "unknown_item"
    record = client.get(f"/v1/explanations/{items[0].explanation.id}").raise_for_status().json()
    assert RecordReply.model_validate(record).reproduced is True
    event = {"events": [{"user_id": "u01", "item_id": "31"}]}
    client.post("/v1/events", json=event, headers={"Idempotency-Key": "k"}).raise_for_status()
    Export.model_validate(client.get("/v1/users/u01/export").raise_for_status().json())
