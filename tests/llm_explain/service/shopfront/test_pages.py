"""What the application gives a browser, and with which headers."""

from __future__ import annotations

import json
import re
from urllib.parse import urljoin

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from llm_explain.service.api import pages


@pytest.fixture
def client() -> TestClient:
    """Return a client of an application with its pages."""
    app = FastAPI()
    pages.install(app)
    return TestClient(app)


@pytest.mark.parametrize("page", ["shop", "analyst"])
def test_a_page_may_run_nothing_but_this_origin_s_files(client, page):
    answer = client.get(f"/static/{page}/index.html")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["trusted-types"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "kind"), [("why-this.js", "javascript"), ("shop/shop.css", "text/css"), ("shop/icon.svg", "image/svg")]
)
def test_files_may_be_used_by_the_pages_of_any_shop(client, path, kind):
    answer = client.get(f"/static/{path}")
    assert kind in answer.headers["content-type"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@pytest.mark.parametrize("page", ["shop", "analyst"])
def test_every_file_that_a_page_names_is_there(client, page):
    folder = f"/static/{page}/"
    named = re.findall(r'(?:src|href)="([^"#]+)"', client.get(f"{folder}index.html").text)
    assert len(named) > 5
    for path in named:
        assert client.get(urljoin(folder, path)).status_code == 200, path


def test_the_address_of_the_service_leads_to_the_shop_and_names_no_host(client):
    answer = client.get("/?user=7&locale=es", headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == "static/shop/index.html?user=7&locale=es"


@pytest.mark.parametrize(("asked", "given"), [("en", "en"), ("zh", "zh"), ("zh-Hans-CN", "zh"), ("en-US", "en")])
def test_words_of_a_locale_or_of_its_language_are_served(client, asked, given):
    answer = client.get(f"/static/texts/{asked}.json")
    assert json.loads(answer.text)["locale"] == given
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_page_in_a_language_without_words_gets_those_of_the_shop(client):
    """Else the component would speak English on a page whose sentences are in the language of the shop."""
    client.app.state.locale = "es"
    assert client.get("/static/texts/de.json").json()["locale"] == "es"


@pytest.mark.parametrize("locale", ["xx", "..", "%2e%2e", "en%2f..%2fen", "names"])
def test_a_locale_without_words_is_not_found(client, locale):
    assert client.get(f"/static/texts/{locale}.json").status_code == 404


@pytest.mark.parametrize("path", ["../pages.py", "%2e%2e/pages.py", "shop/../../pages.py", "nothing.js", "shop"])
def test_nothing_else_is_given(client, path):
    assert client.get(f"/static/{path}").status_code == 404


def test_the_demo_shop_can_be_switched_off_while_the_component_stays():
    app = FastAPI()
    pages.install(app, with_shop=False)
    client = TestClient(app)
    assert client.get("/").status_code == 404
    assert client.get("/static/shop/main.js").status_code == 404
    assert client.get("/static/analyst/index.html").status_code == 404
    assert client.get("/static/why-this.js").status_code == 200
