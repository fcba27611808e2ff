"""A small HTTP/1.1 client that goes to 127.0.0.1 and nowhere else, and says exactly what came of each request."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
LOST = 0
"""Status of a request without an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status; 0 if the connection broke first.
        body: The body.
        headers: Lower-case names.
        seconds: From the first byte sent to the last byte received.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def request(method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> bytes:
    """Return a request as bytes.

    Args:
        method: HTTP method.
        path: Path and query.
        body: JSON value, or bytes as they are.
        headers: Further headers.

    Returns:
        What to send.
    """
    sent = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"host: {HOST}"]
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(sent)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + sent


class Connection:
    """A connection that is opened when it is needed and kept as long as the server keeps it.

    Args:
        port: Port on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, sent: bytes, *, seconds: float = 30.0) -> Answer:
        """Send bytes and read one answer.

        Args:
            sent: A request, or anything else.
            seconds: Longest wait.

        Returns:
            The answer; status 0 if none came.
        """
        started = time.perf_counter()
        try:
            async with asyncio.timeout(seconds):
                if self._streams is None or self._streams[0].at_eof():
                    self.close()
                    self._streams = await asyncio.open_connection(HOST, self._port)
                reader, writer = self._streams
                writer.write(sent)
                status, headers, body = await _read(reader, has_body=not sent.startswith(b"HEAD "))
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            self.close()
            return Answer(LOST, type(error).__name__.encode(), seconds=time.perf_counter() - started)
        if headers.get("connection") == "close":
            self.close()
        return Answer(status, body, headers, time.perf_counter() - started)

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()  # what the server no longer wants to read is never sent
            self._streams = None


async def ask_once(port: int, sent: bytes) -> Answer:
    """Send one request over a connection of its own.

    Args:
        port: Port on 127.0.0.1.
        sent: The request.

    Returns:
        The answer.
    """
    connection = Connection(port)
    try:
        return await connection.ask(sent)
    finally:
        connection.close()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """Return a body that comes in chunks, such as that of an export."""
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


async def _read(reader: asyncio.StreamReader, *, has_body: bool) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if has_body and headers.get("transfer-encoding") == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0"))) if has_body else b""
    return int(first.split()[1]), headers, body


@dataclass(slots=True)
class Tally:
    """What came of a load.

    Attributes:
        statuses: Number of answers by status.
        seconds: Times of the answers with status 200.
        shed_seconds: Times of the answers with status 429 or 503.
        faults: What a check found wrong, a few of them.
        n_faults: How much it found wrong.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    shed_seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    n_faults: int = 0

    def add(self, answer: Answer, fault: str = "") -> None:
        """Count an answer.

        Args:
            answer: The answer.
            fault: What is wrong with it; empty for nothing.
        """
        self.statuses[answer.status] += 1
        if answer.status == 200:
            self.seconds.append(answer.seconds)
        elif answer.status in {429, 503}:
            self.shed_seconds.append(answer.seconds)
        if fault:
            self.n_faults += 1
            if len(self.faults) < 10:
                self.faults.append(fault)


async def in_turn(
    port: int,
    requests: Iterator[bytes],
    *,
    n_connections: int,
    check: Callable[[Answer], str] = lambda _: "",
    on_answer: Callable[[Answer], None] = lambda _: None,
) -> Tally:
    """Send requests over a few connections, each the next when the one before is answered.

    Args:
        port: Port on 127.0.0.1.
        requests: What to send; the load ends with it.
        n_connections: Connections at a time.
        check: Says what is wrong with an answer.
        on_answer: Told of each answer.

    Returns:
        What came of them.
    """
    tally = Tally()

    async def send() -> None:
        connection = Connection(port)
        for sent in requests:
            answer = await connection.ask(sent)
            tally.add(answer, check(answer))
            on_answer(answer)
        connection.close()

    await asyncio.gather(*(send() for _ in range(n_connections)))
    return tally


async def at_rate(port: int, requests: Iterator[bytes], *, per_second: float, seconds: float, most: int = 400) -> Tally:
    """Send requests at a fixed rate, whether answers come or not; ``most`` may be unanswered at a time.

    Args:
        port: Port on 127.0.0.1.
        requests: What to send.
        per_second: Rate.
        seconds: For how long.
        most: Bound of the unanswered ones; what goes beyond is left out.

    Returns:
        What came of them.
    """
    tally = Tally()
    idle: list[Connection] = []
    open_tasks: set[asyncio.Task[None]] = set()

    async def send(sent: bytes) -> None:
        connection = idle.pop() if idle else Connection(port)
        tally.add(await connection.ask(sent))
        idle.append(connection)

    started = time.perf_counter()
    n_sent = 0
    while (now := time.perf_counter() - started) < seconds:
        while n_sent < now * per_second:
            n_sent += 1
            if len(open_tasks) < most:
                task = asyncio.create_task(send(next(requests)))
                open_tasks.add(task)
                task.add_done_callback(open_tasks.discard)
        await asyncio.sleep(0.002)
    await asyncio.gather(*open_tasks)
    for connection in idle:
        connection.close()
    return tally


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that a share of all values does not exceed, in milliseconds.

    Args:
        values: Seconds.
        share: Between 0 and 1.

    Returns:
        Milliseconds; not a number without values.
    """
    if not values:
        return float("nan")
    return 1000 * sorted(values)[min(len(values) - 1, int(share * len(values)))]
