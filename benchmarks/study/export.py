"""Export a study: a CSV and a small page for those who judge, and the key that tells whose each sentence is."""

from __future__ import annotations

import csv
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from untuned import untuned_texts

from llm_explain.evaluation.controls import CONTROLS, OURS, control_texts
from llm_explain.evaluation.explained import draw_users, explain_users
from llm_explain.explainer import Explainer
from llm_explain.text.sentence_spec import SentenceRequest
from llm_explain.writing.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.evaluation.explained import Explained

COLUMNS: Final = ("case", "sentence_id", "item", "sentence", "rating", "best")
"""Columns of the form; a person fills in the last two: 1 to 5, and x for the best of a case."""

TEMPLATE: Final = "template"
UNTUNED: Final = "untuned model"


def export_study(
    artifacts: Path,
    out: Path,
    *,
    n_cases: int,
    seed: int,
    locale: str,
    language_model: str | None,
) -> int:
    """Write ``form.csv``, ``form.html`` and ``key.json``.

    Args:
        artifacts: What ``llm-explain train`` wrote.
        out: Folder; it is created.
        n_cases: How many recommendations are judged, each of another user.
        seed: Source of chance for users, controls and order.
        locale: A folder under ``prompts/``.
        language_model: Writes ours, and untuned and unchecked a system of its own; ``None`` for templates alone.

    Returns:
        Number of sentences.
    """
    explainer = Explainer.load(artifacts, language_model=language_model)
    user_ids = draw_users(explainer, 4 * n_cases, seed=seed)
    cases: list[Explained] = []
    for user, user_id in enumerate(user_ids):
        given = [each for each in explain_users(explainer, [user_id], k=3) if each.explanation.reasons and each.text]
        cases += [replace(each, user=user) for each in given[:1]]
        if len(cases) == n_cases:
            break
    systems: dict[str, list[str]] = {OURS: [each.text for each in cases]}
    if language_model is not None:
        systems[TEMPLATE] = _templates(explainer, cases, locale)
        systems[UNTUNED] = untuned_texts(explainer, cases, language_model, seed=seed, locale=locale)
    systems |= control_texts(explainer, cases, user_ids, seed=seed, locale=locale)
    rows, key = _blinded(explainer, cases, systems, random.Random(seed))
    out.mkdir(parents=True, exist_ok=True)
    with (out / "form.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    (out / "form.html").write_text(_page(rows), encoding="utf-8")
    text = json.dumps({"seed": seed, "controls": list(CONTROLS), "sentences": key}, indent=1, ensure_ascii=False)
    (out / "key.json").write_text(text + "\n", encoding="utf-8")
    return len(rows)


def _templates(explainer: Explainer, cases: Sequence[Explained], locale: str) -> list[str]:
    """Return what templates alone say for the same reasons."""
    shop = explainer.shop
    writer = Writer(policy=shop.policy, catalogue=shop.catalogue, language_model=None, sources=("lm", "template"))
    texts = []
    for each in cases:
        told = each.explanation
        item = int(shop.catalogue.index_of([told.item_id])[0])
        request = SentenceRequest(told.reasons, item, told.user_id, told.as_of)
        text = writer.write([request], tone=each.record["tone"], locale=locale)[0]
        texts.append(text.text if text else "")
    return texts


def _blinded(
    explainer: Explainer, cases: Sequence[Explained], systems: Mapping[str, Sequence[str]], chance: random.Random
) -> tuple[list[dict[str, str]], dict[str, dict[str, Any]]]:
    """Return rows in an order drawn by chance, equal sentences of one case once, and the systems behind each."""
    rows: list[dict[str, str]] = []
    key: dict[str, dict[str, Any]] = {}
    for number, each in enumerate(cases, start=1):
        said: dict[str, list[str]] = {}
        for system, texts in systems.items():
            if texts[number - 1]:
                said.setdefault(texts[number - 1], []).append(system)
        order = sorted(said)
        chance.shuffle(order)
        for place, text in enumerate(order, start=1):
            name = f"{number:03d}-{place}"
            title = explainer.titles[each.explanation.item_id]
            rows.append(
                {"case": str(number), "sentence_id": name, "item": title, "sentence": text, "rating": "", "best": ""}
            )
            key[name] = {"case": number, "systems": said[text]}
    return rows, key


def _page(rows: Sequence[Mapping[str, str]]) -> str:
    source = Path(__file__).with_name("form.html.j2").read_text(encoding="utf-8")
    cases: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        cases.setdefault(row["case"], []).append(row)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(source).render(cases=cases, columns=COLUMNS)
