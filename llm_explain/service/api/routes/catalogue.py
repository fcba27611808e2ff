"""Routes about the shop: items, promotions, related items, main parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from llm_explain.service.api.auth import admin, shopper, storefront
from llm_explain.service.api.dependencies import TheCatalogueHandler, answer, reply, reply_cached, run
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.schemas import catalogue, fields, problems, responses
from llm_explain.service.schemas.language import spoken
from llm_explain.service.schemas.problems import ServiceProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.reports import main_parameters
    from llm_explain.service.handlers.answer import Json

router = APIRouter(tags=["shop"], dependencies=[Depends(shopper)])
storefront_router = APIRouter(tags=["shop"], dependencies=[Depends(storefront)])
admin_router = APIRouter(tags=["shop"], dependencies=[Depends(admin)])

ItemId = Annotated[fields.Id, Path()]
ItemIds = Annotated[list[fields.Id], Query(alias="id", min_length=1, max_length=100)]


@router.get("/main-parameters", response_model=responses.MainParameters, summary="What drives recommendations")
async def tell_main_parameters(
    request: Request, locale: Annotated[fields.Locale, Query(default_factory=spoken)]
) -> Response:
    """Say in plain language what moves scores on average, and how a person changes it."""
    parameters = cast("main_parameters.MainParameters", request.app.state.main_parameters)
    return await answer(request, lambda: Answer(parameters.describe(locale)))


@router.get("/items", response_model=catalogue.ShopItems, summary="Items of the catalogue")
async def read_items(request: Request, handler: TheCatalogueHandler, ids: ItemIds) -> Response:
    """Return title, category, brand, price and availability by id, with an ETag."""
    return reply_cached(request, await run(request, lambda: handler.items(ids)))


@router.get("/filters", response_model=catalogue.ShopFilters, summary="Categories and brands")
async def read_filters(request: Request, handler: TheCatalogueHandler) -> Response:
    """Return the categories and brands of the items on sale, for a menu, with an ETag."""
    return reply_cached(request, await run(request, handler.filters))


@admin_router.put("/items", response_model=catalogue.Changed, summary="Add or change items")
async def put_items(body: catalogue.ItemsRequest, request: Request, handler: TheCatalogueHandler) -> Response:
    """Add items, and change those that are there; at once, in all processes, without training."""
    return await _changed(request, lambda: handler.put(body.items))


@admin_router.patch("/items", response_model=catalogue.Changed, summary="Change fields of items")
async def patch_items(body: catalogue.ItemsRequest, request: Request, handler: TheCatalogueHandler) -> Response:
    """Change fields of known items, such as prices; unknown ones are reported."""
    return await _changed(request, lambda: handler.patch(body.items))


@admin_router.delete("/items", response_model=catalogue.Changed, summary="Discontinue items")
async def discontinue_items(request: Request, handler: TheCatalogueHandler, ids: ItemIds) -> Response:
    """Recommend items no more; ``available: true`` brings them back."""
    rows = [catalogue.ItemRow(item_id=item_id) for item_id in ids]
    return await _changed(request, lambda: handler.discontinue(rows))


@router.get("/items/{item_id:path}", response_model=catalogue.ShopItems, summary="An item of the catalogue")
async def read_item(request: Request, handler: TheCatalogueHandler, item_id: ItemId) -> Response:
    """Return title, category, brand, price and availability, with an ETag."""
    return reply_cached(request, _found(await run(request, lambda: handler.items([item_id]))))


@admin_router.put("/items/{item_id:path}", response_model=catalogue.Changed, summary="Add or change an item")
async def put_item(
    body: catalogue.ItemFields, request: Request, handler: TheCatalogueHandler, item_id: ItemId
) -> Response:
    """Add an item, or change the fields that are given; at once, in all processes, without training."""
    row = catalogue.ItemRow(item_id=item_id, **body.model_dump())
    return await _changed(request, lambda: handler.put([row]))


@admin_router.patch("/items/{item_id:path}", response_model=catalogue.Changed, summary="Change fields of an item")
async def patch_item(
    body: catalogue.ItemFields, request: Request, handler: TheCatalogueHandler, item_id: ItemId
) -> Response:
    """Change the fields that are given."""
    row = catalogue.ItemRow(item_id=item_id, **body.model_dump())
    return await _changed(request, lambda: handler.patch([row]), is_one=True)


@admin_router.delete("/items/{item_id:path}", response_model=catalogue.Changed, summary="Discontinue an item")
async def discontinue_item(request: Request, handler: TheCatalogueHandler, item_id: ItemId) -> Response:
    """Recommend an item no more."""
    row = catalogue.ItemRow(item_id=item_id)
    return await _changed(request, lambda: handler.discontinue([row]), is_one=True)


@storefront_router.get("/promotions", response_model=catalogue.ShopPromotions, summary="Promotions of items")
async def read_promotions(request: Request, handler: TheCatalogueHandler, ids: ItemIds) -> Response:
    """Return promotions that run or will run, with an ETag; a browser does not learn of a sale before it begins."""
    return reply_cached(request, await run(request, lambda: handler.promotions(ids)))


@admin_router.put("/promotions", response_model=catalogue.Changed, summary="Add promotions")
async def put_promotions(body: catalogue.PromotionsRequest, request: Request, handler: TheCatalogueHandler) -> Response:
    """Add promotions; one with the item, start, label and store of another replaces it."""
    return await _changed(request, lambda: handler.promote(body.promotions))


@admin_router.patch("/promotions", response_model=catalogue.Changed, summary="Change ends of promotions")
async def patch_promotions(
    body: catalogue.PromotionEndsRequest, request: Request, handler: TheCatalogueHandler
) -> Response:
    """Change the end of promotions that run or will run."""
    return await _changed(request, lambda: handler.extend(body.promotions))


@admin_router.delete("/promotions", response_model=catalogue.Changed, summary="End promotions")
async def end_promotions(
    request: Request, handler: TheCatalogueHandler, ids: ItemIds, label: Annotated[fields.Text | None, Query()] = None
) -> Response:
    """End promotions of items now; those that have not begun never do."""
    rows = [catalogue.ItemRow(item_id=item_id) for item_id in ids]
    return await _changed(request, lambda: handler.end_promotions(rows, label))


@router.post("/similar", response_model=catalogue.RelatedItems, summary="Items like an item")
async def similar(body: catalogue.SimilarRequest, request: Request, handler: TheCatalogueHandler) -> Response:
    """List items for the page of an item, without a user."""
    return await answer(request, lambda: handler.similar(body))


@router.post("/complete", response_model=catalogue.RelatedItems, summary="Items that go with a basket")
async def complete(body: catalogue.CompleteRequest, request: Request, handler: TheCatalogueHandler) -> Response:
    """List items that were bought together with those of a basket, without a user."""
    return await answer(request, lambda: handler.complete(body))


async def _changed(request: Request, work: Callable[[], Answer], *, is_one: bool = False) -> Response:
    """Change the catalogue while other requests are answered: building a version takes longer than an answer."""
    request.state.ticket.release()
    content = await run(request, work)
    return reply(request, _found(content) if is_one else content)


def _found(content: Json) -> Json:
    """Return content about one item that is known."""
    if content["items"][0]["status"] == "unknown_item":
        raise ServiceProblem(problems.NO_ITEM)
    return content
