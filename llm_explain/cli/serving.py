"""``serve``: the HTTP service of one shop."""

from __future__ import annotations

import ctypes
import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Final

import typer

from llm_explain.cli.console import note, write_json_lines
from llm_explain.errors import ArtifactError, MissingExtraError, PromptError, TableError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from llm_explain.dialogue.dialogues import Dialogues
    from llm_explain.explainer import Explainer
    from llm_explain.service.language_model import ServedModel
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.service.telemetry.metrics import Metrics

_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_LARGE_ARRAY: Final = 64 << 10
"""Bytes from which an array has pages of its own: between small objects, its place would be hard to fill again."""
_MOST_FREE: Final = 16 << 20
"""Bytes at the end of the heap that are kept for the next request."""
_TRIM_SECONDS: Final = 30.0
"""Time between two returns of free memory inside the heap."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port.", show_default="8000")] = None,
    artifacts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that `llm-explain train` wrote.")
    ] = None,
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Print the settings, secrets masked, and end.")
    ] = False,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Answer without an API key, for local use.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            metavar="now|snapshot", help="Time that answers speak of if a request names none.", show_default="now"
        ),
    ] = None,
) -> None:
    """Serve recommendations and explanations over HTTP."""
    with MissingExtraError.unless_installed("the service", "serve"):
        from llm_explain.cli.logs import configure_logs
        from llm_explain.service.language_model import ServedModel
        from llm_explain.service.settings import ServiceSettings
        from llm_explain.service.telemetry.metrics import Metrics
    settings = ServiceSettings.read(
        host=host, port=port, artifacts=artifacts, auth=False if no_auth else None, as_of=as_of
    )
    if show_settings:
        write_json_lines([settings.masked()])
        return
    configure_logs(settings.log_level)
    _bound_memory()
    if settings.workers and settings.fd is None:
        from llm_explain.cli.supervisor import Supervisor

        note(f"http://{settings.host}:{settings.port}  (documentation at /docs)")
        Supervisor(settings).run()
        return
    metrics = Metrics()
    with ServedModel.opened(settings.language_model, metrics) as model:
        with ThreadPoolExecutor(1) as loader:
            loading = loader.submit(_load, settings, model)  # while the application is imported
            with MissingExtraError.unless_installed("the service", "serve"):
                import llm_explain.cli.server
                import llm_explain.service.app  # noqa: F401
            explainer = loading.result()
        if not settings.workers:
            note(f"http://{settings.host}:{settings.port}  (documentation at /docs)")
            _serve(explainer, settings, metrics, model)
        elif not _serve_by_workers(explainer, settings, metrics, model):
            raise typer.Exit(1)


def _serve(
    explainer: Explainer,
    settings: ServiceSettings,
    metrics: Metrics,
    model: ServedModel | None,
    dialogues: Dialogues | None = None,
) -> None:
    """Serve in this process until SIGTERM."""
    import torch

    from llm_explain.cli.server import serve as serve_until_ended
    from llm_explain.service.app import create_app

    torch.set_num_threads(settings.threads)
    app = create_app(explainer, settings, metrics=metrics, model=model, dialogues=dialogues)
    app.state.prepare()
    if not settings.workers:
        _release_memory()
    if model is not None:
        model.start()
    if settings.auth and not app.state.state.keys.all():
        note("No API key exists yet. Run: llm-explain keys create --name NAME --scope storefront")
    Thread(target=_warm_up, args=(app,), name="warm-up", daemon=True).start()
    serve_until_ended(app, settings)


def _warm_up(app: FastAPI) -> None:
    """Do what would make later answers late, then give back the memory that it took, and what requests leave."""
    app.state.warm_up()
    _release_memory()
    while not app.state.drain.wait(_TRIM_SECONDS):
        gc.collect()  # users that left the cache
        _trim()


def _serve_by_workers(
    explainer: Explainer, settings: ServiceSettings, metrics: Metrics, model: ServedModel | None
) -> bool:
    """Serve in processes that fork from this one until SIGTERM; return whether they served."""
    from llm_explain.cli.worker_pool import WorkerPool
    from llm_explain.dialogue.dialogues import Dialogues

    for user_id in explainer.events.user_ids[:1]:
        explainer.recommend(user_id)
    explainer.writer.warm_up(explainer.locale)
    dialogues = Dialogues(explainer)
    dialogues.open_all(explainer.locale)  # the workers share it
    _release_memory()

    def serve_in_worker(ready_fd: int) -> None:
        _serve(explainer, settings.model_copy(update={"ready_fd": ready_fd}), metrics, model, dialogues)

    pool = WorkerPool(serve_in_worker, settings.workers, drain_seconds=settings.drain_seconds)
    return pool.run(settings.ready_fd)


def _load(settings: ServiceSettings, model: ServedModel | None) -> Explainer:
    import torch

    from llm_explain.explainer import Explainer

    torch.set_num_threads(1 if settings.workers else settings.threads)  # threads of OpenMP do not survive a fork
    try:
        explainer = Explainer.load(
            settings.artifacts,
            language_model=model,
            sources=settings.sources,
            policy_file=settings.policy_file,
            shop_file=settings.shop_file,
            cached_users=settings.cached_users,
        )
    except ArtifactError as error:
        raise ArtifactError(f"setting 'artifacts': {error}") from error
    except PromptError as error:
        raise PromptError(f"setting 'policy_file': {error}" if settings.policy_file else str(error)) from error
    except TableError as error:
        raise TableError(f"setting 'shop_file': {error}" if settings.shop_file else str(error)) from error
    return explainer


def _bound_memory() -> None:
    """Let threads share one arena, and return large arrays at once: their places in a heap are hard to fill again."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # glibc alone has it
        bounds = (_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, _LARGE_ARRAY), (_M_TRIM_THRESHOLD, _MOST_FREE)
        for name, value in bounds:
            libc.mallopt(name, value)


def _release_memory() -> None:
    """Give back the memory that reading took, a fifth of the process in the demo's shop, and keep what is loaded.

    The collector passes over what is kept. A pass over the demo's shop stops every thread for half a second, and a
    body with many lists causes several.
    """
    import pyarrow as pa

    gc.collect()
    gc.freeze()
    pa.default_memory_pool().release_unused()
    _trim()


def _trim() -> None:
    """Return free pages of the heap to the system."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)
