"""A small HTTP server process with the tiny model; the model's name asks for a fault. Run by the tests."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock
from typing import Any

from scripted import Scripted
from tiny import open_tiny

from llm_explain.generation.prompt_template import Message, Prompt

LOCK = Lock()
SEEN: dict[str, int] = {}
MODELS: dict[str, Any] = {"tiny": open_tiny(), "flaky": Scripted()}


class Chat(BaseHTTPRequestHandler):
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
        messages = tuple(Message(each["role"], each["content"]) for each in body["messages"])
        with LOCK:
            prompts = [Prompt(messages, (), "friendly", "test")]
            ((draft,),) = MODELS[model].generate(prompts, n_candidates=1, seed=body["seed"])
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
