"""What every generator keeps; each backend inherits these tests and brings its own fixture ``generator``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tiny import prompt

from llm_explain.generation.generator import Generator

if TYPE_CHECKING:
    from llm_explain.generation.prompt_template import Prompt

PROMPTS = (prompt("repeat_item"), prompt("due", "promotion"))


class GeneratorConformance:
    prompts: tuple[Prompt, ...] = PROMPTS

    def test_offers_the_protocol(self, generator: Generator) -> None:
        assert isinstance(generator, Generator)
        assert generator.name

    def test_every_prompt_gets_its_candidates(self, generator: Generator) -> None:
        drafts = generator.generate(self.prompts, n_candidates=3, seed=1)
        assert [len(each) for each in drafts] == [3, 3]

    def test_the_same_seed_gives_the_same_drafts(self, generator: Generator) -> None:
        first = generator.generate(self.prompts, n_candidates=2, seed=5)
        assert generator.generate(self.prompts, n_candidates=2, seed=5) == first

    def test_another_seed_gives_other_drafts(self, generator: Generator) -> None:
        first = generator.generate(self.prompts, n_candidates=2, seed=5)
        assert generator.generate(self.prompts, n_candidates=2, seed=6) != first

    def test_candidates_differ(self, generator: Generator) -> None:
        (drafts,) = generator.generate(self.prompts[:1], n_candidates=4, seed=2)
        assert len({draft.text for draft in drafts}) > 1

    def test_drafts_of_equal_prompts_differ(self, generator: Generator) -> None:
        drafts = generator.generate(self.prompts[:1] * 4, n_candidates=1, seed=2)
        assert len({draft.text for each in drafts for draft in each}) > 1

    def test_a_draft_is_one_line_without_quotation_marks(self, generator: Generator) -> None:
        for each in generator.generate(self.prompts, n_candidates=3, seed=3):
            for draft in each:
                assert "\n" not in draft.text
                assert draft.text == draft.text.strip().strip('"')

    def test_nothing_is_asked_for(self, generator: Generator) -> None:
        assert generator.generate([], n_candidates=2) == []
        assert generator.generate(self.prompts, n_candidates=0) == [[], []]

    def test_after_the_deadline_there_is_nothing(self, generator: Generator) -> None:
        assert generator.generate(self.prompts, n_candidates=2, deadline=time.monotonic() - 1) == [[], []]

    def test_a_deadline_on_the_way_keeps_the_form(self, generator: Generator) -> None:
        drafts = generator.generate(self.prompts, n_candidates=2, deadline=time.monotonic() + 0.01)
        assert len(drafts) == 2
        assert all(len(each) <= 2 for each in drafts)
