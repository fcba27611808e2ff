"""The sample that several sections read: our sentences, the controls, and the mentions in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.evaluation.agreement.drivers import Drivers, player_of
from llm_explain.evaluation.agreement.names import product
from llm_explain.evaluation.controls import OURS, control_texts
from llm_explain.evaluation.explained import draw_users, explain_users

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from llm_explain.evaluation.agreement.metrics import Part
    from llm_explain.evaluation.agreement.reader import Mention, Reader
    from llm_explain.evaluation.artifacts import EvaluatedArtifacts, Sizes
    from llm_explain.evaluation.explained import Explained

Report = "Callable[[str, int, int], None]"
"""Called with a description, the number done and the total."""

ITEMS_A_USER = 10


@dataclass(frozen=True)
class Sample:
    """Explanations and the sentences that are compared.

    Attributes:
        records: Every explanation record that was explained.
        explained: Explanations with a sentence that gives reasons: what texts are measured on.
        texts: Sentences by system, `ours` included, in the order of ``explained``; empty where a system has none.
        mentions: What is read in each sentence, with the part that it stands for, by system.
        drivers: What drove each score.
        n_users: Number of users behind ``explained``.
    """

    records: Sequence[Mapping[str, Any]]
    explained: Sequence[Explained]
    texts: Mapping[str, Sequence[str]]
    mentions: Mapping[str, Sequence[Sequence[tuple[Part, Mention]]]]
    drivers: Sequence[Drivers]
    n_users: int

    @property
    def user(self) -> npt.NDArray[np.int64]:
        """Number of the user behind each sentence."""
        return np.array([each.user for each in self.explained], dtype=np.int64)

    @property
    def score(self) -> npt.NDArray[np.float64]:
        """Score behind each sentence."""
        return np.array([each.explanation.attribution.score for each in self.explained])


def draw_sample(artifacts: EvaluatedArtifacts, sizes: Sizes, report: Callable[[str, int, int], None]) -> Sample:
    """Emit explanations and let the controls speak of the same ones.

    Args:
        artifacts: Artifacts under evaluation.
        sizes: Sample sizes.
        report: Called with a description, the number done and the total.

    Returns:
        The sample.
    """
    explainer = artifacts.explainer
    user_ids = draw_users(explainer, -(-sizes.records // ITEMS_A_USER), seed=sizes.seed)
    what = "explaining"
    report(what, 0, len(user_ids))
    everything = explain_users(
        explainer,
        user_ids,
        k=ITEMS_A_USER,
        locale=artifacts.locale,
        advance=lambda n: report(what, n, len(user_ids)),
    )
    some = [each for each in everything if each.explanation.reasons and each.text][: sizes.texts]
    report("controls", 0, len(some))
    controls = control_texts(
        explainer,
        some,
        user_ids,
        seed=sizes.seed,
        locale=artifacts.locale,
        advance=lambda n: report("controls", n, len(some)),
    )
    texts = {OURS: [each.text for each in some], **controls}
    drivers = [Drivers.of(each.record) for each in some]
    mentions = {
        system: [
            read_parts(artifacts, artifacts.reader, text, each.record, driver)
            for text, each, driver in zip(said, some, drivers, strict=True)
        ]
        for system, said in texts.items()
    }
    n_users = max((each.user for each in some), default=-1) + 1
    return Sample([each.record for each in everything], some, texts, mentions, drivers, n_users)


def read_parts(
    artifacts: EvaluatedArtifacts, reader: Reader, text: str, record: Mapping[str, Any], drivers: Drivers
) -> list[tuple[Part, Mention]]:
    """Return what is read in a sentence, with the part of the attribution that each mention stands for.

    Args:
        artifacts: Knows the items.
        reader: Reads sentences.
        text: The sentence.
        record: The record that it explains.
        drivers: What drove the score.

    Returns:
        Parts and mentions in order of appearance.
    """
    title, category = artifacts.items[str(record["item_id"])]
    found = []
    for mention in reader.read(text, title=title, category=category):
        other = artifacts.items.get(other_item(artifacts, mention, record), ("", ""))[1]
        kind = artifacts.kinds[mention.kind]
        found.append((drivers.part_of(kind, player_of(kind, mention, category, other)), mention))
    return found


def other_item(artifacts: EvaluatedArtifacts, mention: Mention, record: Mapping[str, Any]) -> str:
    """Return the item that a mention names: by the record's own claim where it has one, else by its title."""
    if artifacts.kinds[mention.kind].scope != "past item":
        return ""
    stated = [
        reason["facts"].get("other_item_id", "") for reason in record["reasons"] if reason["kind"] == mention.kind
    ]
    named = [item for item in stated if product(artifacts.items.get(item, ("",))[0]) == product(mention.name)]
    return named[0] if named else artifacts.item_of_title.get(mention.name, "")
