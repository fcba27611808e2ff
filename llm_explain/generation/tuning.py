"""Teach a small language model this one task: a LoRA adapter on the hand-written skeletons.

Source: Hu et al. (2021), LoRA, arXiv:2106.09685. The recipe is the same for any Hugging Face causal language model;
only the completion is learned, the prompt is masked out of the loss.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from llm_explain.errors import MissingExtraError, SettingError
from llm_explain.generation.augmentation import augment, composed
from llm_explain.generation.briefs import BriefReader
from llm_explain.generation.chat import chat_text, with_padding
from llm_explain.generation.pretrained import open_pretrained
from llm_explain.generation.prompt_template import PromptTemplate
from llm_explain.generation.weights import TUNING_RECORD, UNTUNED, tuning_record
from llm_explain.skeletons.corpus import corpus_hash, hold_out, read_corpus
from llm_explain.text.event_forms import EventForms
from llm_explain.text.lexicon import load_lexicon
from llm_explain.text.skeleton import SLOT
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from llm_explain.skeletons.corpus import CorpusLine
    from llm_explain.text.lexicon import Lexicon

IGNORED = -100
"""Label of a token that the loss does not count."""


class TuningConfig(BaseModel):
    """Settings of the adapter and its training.

    Attributes:
        rank: Rank of the adapter's matrices.
        alpha: Scale of the adapter, over ``rank``.
        dropout: Dropout before the adapter.
        learning_rate: Peak of a schedule with 6 % warm-up and cosine decay.
        epochs: Passes over the training lines.
        batch_size: Lines in a step.
        composed_each: Sentences of the grammar for each combination of kinds and tone.
        holdout_share: Share of the combinations of kinds that are never trained on.
        seed: Seed of every random choice.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: Annotated[int, Field(ge=1, le=256)] = 16
    alpha: Annotated[int, Field(ge=1)] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    epochs: Annotated[float, Field(gt=0)] = 2.0
    batch_size: Annotated[int, Field(ge=1)] = 8
    composed_each: Annotated[int, Field(ge=0)] = 1
    holdout_share: Annotated[float, Field(ge=0, lt=1)] = 0.15
    seed: int = 0


def tune(
    out: Path,
    *,
    language_model: str = UNTUNED,
    start: Path | None = None,
    locale: str = "en",
    config: TuningConfig | None = None,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Train a LoRA adapter on a locale's hand-written sentences, and write it with its curves and a record.

    Args:
        out: Folder for the adapter.
        language_model: Base model: ``untuned`` for the packaged weights, a local folder, or a hub id.
        start: Adapter of the same base model whose training goes on; a new adapter if not given.
        locale: A folder under ``prompts/``.
        config: Settings; the defaults if not given.
        progress: Told a description, the steps done and the steps in all.

    Returns:
        The record: lines and combinations held out, losses by step, seconds.

    Raises:
        SettingError: If the base model is an adapter already.
    """
    model, tokenizer, weights = open_pretrained(language_model)
    if weights.adapter is not None:
        raise SettingError(
            f"{language_model} is an adapter already but a base model is needed. Give {UNTUNED}, a folder or a hub id; "
            "an adapter to go on from is the argument start (--from)."
        )
    lexicon = load_lexicon(locale)
    return tune_on(
        model, tokenizer, read_corpus(lexicon), lexicon, out,
        base_model=language_model, start=start, config=config or TuningConfig(), progress=progress,
    )  # fmt: skip


def tune_on(
    model: Any,
    tokenizer: Any,
    lines: Sequence[CorpusLine],
    lexicon: Lexicon,
    out: Path,
    *,
    base_model: str,
    start: Path | None = None,
    config: TuningConfig,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Train a LoRA adapter for a model that is loaded already.

    Args:
        model: A Hugging Face causal language model.
        tokenizer: Its tokenizer.
        lines: The corpus.
        lexicon: The locale's words.
        out: Folder for the adapter.
        base_model: What the record says that the adapter belongs to.
        start: Adapter whose training goes on. Combinations that it has held out stay held out.
        config: Settings.
        progress: Told a description, the steps done and the steps in all.

    Returns:
        The record.
    """
    transformers, peft = _libraries()
    forms = EventForms.load(lexicon.locale)

    def says_purchases(line: CorpusLine) -> bool:
        return forms.exchange(SLOT.split(line.text)[::2], PURCHASE) is not None

    begun = tuning_record(start) if start is not None else None
    combinations = hold_out(lexicon.kinds.every_combination(), share=config.holdout_share, seed=config.seed)
    if begun is not None:
        combinations = tuple(tuple(kinds) for kinds in begun["held_out_combinations"])
    train = [line for line in lines if line.kinds not in combinations and says_purchases(line)]
    held_out = [line for line in lines if line.kinds in combinations]
    made = augment(train, lexicon, without=combinations)
    made += composed(lexicon, without=combinations, n_each=config.composed_each)
    made = list(filter(says_purchases, made))
    transformers.set_seed(config.seed)
    if start is not None:
        adapted = peft.PeftModel.from_pretrained(model, str(start), is_trainable=True)
    else:
        adapted = peft.get_peft_model(
            model,
            peft.LoraConfig(
                r=config.rank,
                lora_alpha=config.alpha,
                lora_dropout=config.dropout,
                target_modules="all-linear",
                task_type="CAUSAL_LM",
            ),
        )
    example = _Examples(tokenizer, lexicon)
    trainer = transformers.Trainer(
        model=adapted,
        args=_arguments(out, config, n_lines=len(train) + len(made)),
        train_dataset=[example(line) for line in (*train, *made)],
        eval_dataset=[example(line) for line in held_out] or None,
        data_collator=transformers.DataCollatorForSeq2Seq(with_padding(tokenizer), label_pad_token_id=IGNORED),
        callbacks=[_progress_callback(progress)],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    started = time.perf_counter()
    trainer.train()
    adapted.peft_config["default"].base_model_name_or_path = base_model  # no path of this machine
    adapted.half().save_pretrained(out)
    (out / "README.md").unlink(missing_ok=True)  # peft's empty model card
    record: dict[str, Any] = {
        "base_model": base_model,
        "locale": lexicon.locale,
        "prompt": example.origin,
        "corpus": corpus_hash(lines),
        "went_on_from": begun and {key: begun[key] for key in ("adapter", "corpus", "lines", "config", "seconds")},
        "lines": {"train": len(train), "augmented": len(made), "held_out": len(held_out)},
        "held_out_combinations": [list(kinds) for kinds in combinations],
        "config": config.model_dump(),
        "seconds": round(time.perf_counter() - started, 1),
        "curve": [{k: row[k] for k in ("step", "loss", "eval_loss") if k in row} for row in trainer.state.log_history],
    }
    (out / TUNING_RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    _draw(record["curve"], out)
    return record


class _Examples:
    """Turns corpus lines into tokens; the prompt is masked out of the loss."""

    def __init__(self, tokenizer: Any, lexicon: Lexicon) -> None:
        self._tokenizer = tokenizer
        self._reader = BriefReader(lexicon)
        self._template = PromptTemplate(lexicon, "tuned")
        self.origin = self._template.origin

    def __call__(self, line: CorpusLine) -> dict[str, list[int]]:
        brief = self._reader.read(line.text, line.kinds, line.tone)
        asked = chat_text(self._tokenizer, self._template.render_brief(brief))
        prompt = self._tokenizer(asked, add_special_tokens=False)["input_ids"]
        completion = self._tokenizer(line.text, add_special_tokens=False)["input_ids"] + [self._tokenizer.eos_token_id]
        return {
            "input_ids": prompt + completion,
            "attention_mask": [1] * (len(prompt) + len(completion)),
            "labels": [IGNORED] * len(prompt) + completion,
        }


def _libraries() -> tuple[Any, Any]:
    """Return ``transformers`` and ``peft``."""
    with MissingExtraError.unless_installed("tuning", "lm"):
        import peft
        import transformers
    return transformers, peft


def _arguments(out: Path, config: TuningConfig, *, n_lines: int) -> Any:
    import torch
    import transformers

    steps = max(1, round(config.epochs * n_lines / config.batch_size))
    return transformers.TrainingArguments(
        output_dir=str(out),
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=max(1, round(0.06 * steps)),
        use_cpu=not torch.cuda.is_available(),  # half precision on a CPU has to be asked for
        bf16=_is_half_faster(),
        train_sampling_strategy="group_by_length",
        seed=config.seed,
        data_seed=config.seed,
        logging_steps=10,
        eval_strategy="epoch" if config.holdout_share else "no",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def _is_half_faster() -> bool:
    """Return whether bfloat16 is worth it: on a GPU that has it, and on a processor where a short trial says so."""
    import torch

    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    single = torch.randn(1024, 576), torch.randn(576, 1536)
    half = single[0].bfloat16(), single[1].bfloat16()
    seconds = []
    for left, right in (single, half):
        left @ right
        started = time.perf_counter()
        for _ in range(20):
            left @ right
        seconds.append(time.perf_counter() - started)
    return seconds[1] < seconds[0]


def _progress_callback(progress: Callable[[str, int, int], None]) -> Any:
    import transformers

    class Reporter(transformers.TrainerCallback):  # type: ignore[misc]  # the library has no types here
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ARG002
            progress("tuning the language model", state.global_step, state.max_steps)

    return Reporter()


def _draw(curve: Sequence[dict[str, float]], out: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
    for key, label in (("loss", "training"), ("eval_loss", "held-out combinations")):
        points = [(row["step"], row[key]) for row in curve if key in row]
        if points:
            axes.plot(*zip(*points, strict=True), label=label)
    axes.set(xlabel="step", ylabel="loss of the completion")
    axes.legend()
    figure.savefig(out / "tuning.png", dpi=120)
    plt.close(figure)
