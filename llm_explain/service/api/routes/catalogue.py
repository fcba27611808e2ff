"""Routes about the shop: main parameters, items of the catalogue, users of the demo shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

from fastapi import APIRouter, Depends, Query, Request, Response

from llm_explain.service.api.auth import storefront
from llm_explain.service.api.dependencies import answer
from llm_explain.service.schemas.requests import Id, Locale
from llm_explain.service.schemas.responses import Households, MainParameters, ShopItems

if TYPE_CHECKING:
    from llm_explain.service.handlers import main_parameters
    from llm_explain.service.handlers.demo_shop import DemoShop

router = APIRouter(tags=["shop"], dependencies=[Depends(storefront)])
demo_router = APIRouter(tags=["shop"], dependencies=[Depends(storefront)])


@router.get("/main-parameters", response_model=MainParameters, summary="What drives recommendations in general")
async def tell_main_parameters(request: Request, locale: Annotated[Locale, Query()] = "en") -> Response:
    """Say in plain language what moves scores on average, and how a person changes it."""
    parameters = cast("main_parameters.MainParameters", request.app.state.main_parameters)
    return await answer(request, lambda: parameters.describe(locale))


@router.get("/shop/items", response_model=ShopItems, summary="Items of the catalogue")
async def items(
    request: Request, ids: Annotated[list[Id], Query(alias="id", min_length=1, max_length=100)]
) -> Response:
    """Return titles, categories, brands and prices by id; unknown ids are left out."""
    demo_shop = cast("DemoShop", request.app.state.demo_shop)
    return await answer(request, lambda: demo_shop.items(ids))


@demo_router.get("/shop/households", response_model=Households, summary="Some users of the demo shop")
async def households(request: Request, n: Annotated[int, Query(ge=1, le=200)] = 24) -> Response:
    """Return users to choose from, spread evenly over the event log, those with most events first."""
    demo_shop = cast("DemoShop", request.app.state.demo_shop)
    return await answer(request, lambda: demo_shop.households(n))
