"""A small HTTP server process with the tiny model; the model's name asks for a fault. Run by the tests."""

from __future__ import annotations

import json
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from typing import Any

from scripted import Scripted
from tiny import open_tiny

from llm_explain.generation.prompt_template import Message, Prompt

LOCK = Lock()
SEEN: dict[str, int] = {}
RUNNING = Counter[str]()
COUNTS = {"answered": 0, "most_at_once": 0}
MODELS: dict[str, Any] = {"flaky": Scripted(), "scripted": Scripted()}


class Chat(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(200, {"data": [{"id": "scripted"}]} if self.path == "/v1/models" else COUNTS)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model = body["model"]
        with LOCK:
            SEEN[model] = SEEN.get(model, 0) + 1
        if model == "hanging":
            Event().wait()
        if model == "forbidden":
            return self.answer(401, {"error": "no key"})
        if model == "broken" or (model == "flaky" and SEEN[model] == 1):
            return self.answer(503, {"error": "busy"})
        if model == "babbling":
            return self.answer(200, {"greeting": "hello"})
        if model == "tiny" and model not in MODELS:
            with LOCK:
                MODELS[model] = open_tiny()
        if model == "scripted":
            with LOCK:
                RUNNING[model] += 1
                COUNTS["most_at_once"] = max(COUNTS["most_at_once"], RUNNING[model])
            Event().wait(0.02)
        messages = tuple(Message(each["role"], each["content"]) for each in body["messages"])
        with LOCK:
            prompts = [Prompt(messages, (), "friendly", "test")]
            ((draft,),) = MODELS[model].generate(prompts, n_candidates=1, seed=body["seed"])
        if model == "scripted":
            with LOCK:
                RUNNING[model] -= 1
                COUNTS["answered"] += 1
        reason = "stop" if draft.is_complete else "length"
        return self.answer(200, {"choices": [{"message": {"content": draft.text}, "finish_reason": reason}]})

    def answer(self, status: int, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that the base class gives it
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    print(server.server_port, flush=True)  # noqa: T201  the test reads it
    server.serve_forever()
