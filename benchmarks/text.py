"""Which sentences are true, and how fast they come: a language model asked directly, a plain template, and llm-explain.

    python benchmarks/text.py [--artifacts artifacts/completejourney] [--quick]

All three speak of the same recommendations. The audit reads each sentence without the words that wrote it, and asks the
raw tables in SQL whether every reason, number and word of degree in it holds.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import numpy as np
import torch
from report import Section

from llm_explain import Explainer
from llm_explain.evaluation.agreement.names import Names
from llm_explain.evaluation.agreement.reader import Reader
from llm_explain.evaluation.audit import Audit
from llm_explain.evaluation.audit.texts import mentions_of, text_faults
from llm_explain.generation.prompt_template import Message, Prompt
from llm_explain.generation.transformers_generator import TransformersGenerator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.records import Explanation

Record = dict[str, Any]
BATCH = 8
GROUP = "group:"
TEMPLATES, AS_SHIPPED = "**llm-explain, without a language model**", "**llm-explain, as it is shipped**"
SCOPE = "ranking to verified sentence"


@dataclass(frozen=True)
class Written:
    """Sentences of one contender.

    Attributes:
        name: Name in the table.
        texts: A sentence for each recommendation; ``None`` where it had none.
        seconds: What they took together.
        scope: What that time includes.
    """

    name: str
    texts: Sequence[str | None]
    seconds: float
    scope: str


@dataclass(frozen=True)
class Judge:
    """The audit and its reader.

    Attributes:
        audit: The raw tables.
        reader: Reads sentences.
        items: Title and category of each item.
        item_of_title: Item of each title.
    """

    audit: Audit
    reader: Reader
    items: dict[str, tuple[str, str]]
    item_of_title: dict[str, str]

    @classmethod
    def of(cls, explainer: Explainer, artifacts: Path) -> Judge:
        """Open the tables of the artifacts."""
        shop = explainer.shop.catalogue
        category = np.array(shop.category_names, dtype=object)[shop.category_index]
        items = zip(shop.titles.tolist(), category.tolist(), strict=True)
        return cls(
            Audit(artifacts / "tables", explainer.as_of),
            Reader(Names.of(shop)),
            dict(zip(shop.item_ids.tolist(), items, strict=True)),
            dict(zip(shop.titles.tolist(), shop.item_ids.tolist(), strict=True)),
        )

    def faults(self, records: Sequence[Record], texts: Sequence[str | None]) -> list[list[str] | None]:
        """Return what is false in each sentence, ``None`` for one in which nothing can be checked."""
        read, owner = [], []
        for place, (record, text) in enumerate(zip(records, texts, strict=True)):
            for each in mentions_of(
                [{**record, "text": text}], self.reader, self.items, self.item_of_title, kinds=self.audit.kinds
            ):
                read.append(each)
                owner.append(place)
        found: list[list[str] | None] = [None] * len(records)
        for place, faults in zip(owner, text_faults(read, self.audit), strict=True):
            found[place] = [*(found[place] or []), *faults]
        return found


def recommended(explainer: Explainer, users: Sequence[str]) -> tuple[list[Explanation], float]:
    """Return ten explanations for each user, and the time from events to sentences."""
    start = time.perf_counter()
    explanations = [row for user in users for row in explainer.recommend(user, k=10)]
    return explanations, time.perf_counter() - start


def asked_directly(records: Sequence[Record], judge: Judge) -> Written:
    """Let the language model write from titles and facts, and check nothing."""
    template = jinja2.Template(
        Path(__file__).with_name("direct_prompt.j2").read_text(encoding="utf-8"), trim_blocks=True, lstrip_blocks=True
    )
    prompts = []
    for record in records:
        known = record["reasons"] or record["statements"]
        content = template.render(title=judge.items[record["item_id"]][0], reasons=known)
        prompts.append(Prompt((Message("user", content.strip()),), (), "friendly", "direct"))
    model = TransformersGenerator.load("untuned")
    model.generate(prompts[:1], n_candidates=1)
    texts: list[str | None] = []
    start = time.perf_counter()
    for first in range(0, len(prompts), BATCH):
        drafts = model.generate(prompts[first : first + BATCH], n_candidates=1, seed=first)
        texts += [each[0].text if each else None for each in drafts]
    return Written("SmolLM2-135M, untuned, asked directly", texts, time.perf_counter() - start, "writing")


def plain_template(explanations: Sequence[Explanation]) -> Written:
    """Name the strongest history group, as shops do, whatever the tables say of it."""
    start, texts = time.perf_counter(), []
    for row in explanations:
        pairs = zip(row.attribution.players, row.attribution.values, strict=True)
        groups = [(value, player) for player, value in pairs if player.startswith(GROUP) and value > 0]
        name = max(groups)[1].removeprefix(GROUP) if groups else ""
        texts.append(f"Recommended because you often buy {name}." if name else None)
    return Written("plain template, strongest group", texts, time.perf_counter() - start, "writing")


def row(written: Written, faults: Sequence[list[str] | None]) -> list[str]:
    """Return one line of the table."""
    n = sum(text is not None for text in written.texts)
    checked = [each for each in faults if each is not None]
    false = sum(bool(each) for each in checked)
    return [
        written.name, f"{n:,}", f"{n / written.seconds:,.0f}" if written.seconds < n else f"{n / written.seconds:.2f}",
        written.scope, f"{100 * false / n:.1f} %", f"{100 * (n - len(checked)) / n:.1f} %",
    ]  # fmt: skip


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts/completejourney"))
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="three users")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    n_users = 3 if given.quick else given.users
    explainer = Explainer.load(given.artifacts, language_model=None)
    judge = Judge.of(explainer, given.artifacts)
    users = np.random.default_rng(0).choice(explainer.events.user_ids, n_users, replace=False).tolist()
    recommended(explainer, users[:1])
    explanations, spent = recommended(explainer, users)
    records = [each.to_dict() for each in explanations]
    contenders = [
        asked_directly(records, judge),
        plain_template(explanations),
        Written(TEMPLATES, [record["text"] for record in records], spent, SCOPE),
    ]
    with_model, spent = recommended(Explainer.load(given.artifacts), users)
    contenders.append(Written(AS_SHIPPED, [row.to_dict()["text"] for row in with_model], spent, SCOPE))
    judged = {written.name: judge.faults(records, written.texts) for written in contenders}
    write(given.out, contenders, judged, n_users)


def write(out: Path, contenders: Sequence[Written], judged: dict[str, list[list[str] | None]], n_users: int) -> None:
    """Write the section."""
    section = Section(out, "text", "Which sentences are true")
    section.say(
        f"Ten recommendations for each of {n_users} users, one thread. A model asked directly gets the title of "
        "the product and the very facts that our sentence states. A sentence is *false* when the audit reads a reason, "
        "a number or a word of degree in it that the raw tables do not bear out; *not checkable* when it reads none."
    )
    columns = ["sentences", "n", "a second", "the time includes", "false", "not checkable"]
    section.table(columns, [row(written, judged[written.name]) for written in contenders])
    for written in contenders:
        example = next(
            ((text, faults) for text, faults in zip(written.texts, judged[written.name], strict=True) if faults),
            (next((text for text in written.texts if text), ""), None),
        )
        said = f" (false: {example[1][0].rpartition(' says ')[2]})" if example[1] else ""
        section.say(f"- {written.name.strip('*')}, for example: “{example[0]}”{said}")
    section.write()


if __name__ == "__main__":
    main()
