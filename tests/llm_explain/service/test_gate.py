"""The queue: bounded, in order, with deadlines, short in an overload."""

from __future__ import annotations

import asyncio
import time

import pytest

from llm_explain.service import gate as gate_module
from llm_explain.service.gate import Gate, ShedError, Ticket

FAR = 1e9


def opened(*, max_running: int = 1, max_waiting: int = 4) -> Gate:
    return Gate(max_running=max_running, max_waiting=max_waiting)


def later(gate: Gate) -> asyncio.Task[Ticket]:
    return asyncio.create_task(gate.enter(FAR))


def test_requests_come_in_one_after_the_other_in_their_order() -> None:
    async def scene() -> list[int]:
        gate = opened(max_running=2)
        order: list[int] = []

        async def visit(number: int) -> None:
            ticket = await gate.enter(FAR)
            assert gate.n_running <= 2
            order.append(number)
            await asyncio.sleep(0)
            gate.leave(ticket)

        await asyncio.gather(*(visit(number) for number in range(6)))
        assert (gate.n_running, gate.n_waiting) == (0, 0)
        return order

    assert asyncio.run(scene()) == [0, 1, 2, 3, 4, 5]


def test_a_full_queue_turns_away_at_once() -> None:
    async def scene() -> None:
        gate = opened(max_waiting=2)
        inside = await gate.enter(FAR)
        waiting = [later(gate) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ShedError, match="queue_full") as caught:
            await gate.enter(FAR)
        assert caught.value.retry_seconds > 0
        gate.leave(inside)
        for task in waiting:
            gate.leave(await task)

    asyncio.run(scene())


def test_who_would_wait_beyond_the_deadline_is_turned_away_before_waiting() -> None:
    async def scene() -> None:
        gate = opened()
        await gate.enter(FAR)
        with pytest.raises(ShedError, match="deadline"):
            await gate.enter(time.monotonic() + gate.work_seconds)
        assert gate.n_waiting == 0

    asyncio.run(scene())


def test_who_has_waited_until_the_deadline_is_turned_away() -> None:
    async def scene() -> None:
        gate = opened()
        gate.work_seconds = 0.0
        inside = await gate.enter(FAR)
        with pytest.raises(ShedError, match="deadline"):
            await gate.enter(time.monotonic() + 0.02)
        gate.leave(inside)
        assert (gate.n_running, gate.n_waiting) == (0, 0)

    asyncio.run(scene())


def test_a_few_who_each_wait_for_their_answer_are_never_turned_away() -> None:
    async def scene() -> None:
        gate = opened(max_waiting=4)

        async def ask_again_and_again() -> None:
            for _ in range(20):
                ticket = await gate.enter(FAR)
                await asyncio.sleep(0.002)
                gate.leave(ticket)

        await asyncio.gather(*(ask_again_and_again() for _ in range(5)))  # the queue is never empty

    asyncio.run(scene())


def test_in_an_overload_hardly_anybody_waits_until_nobody_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        gate = opened(max_waiting=5)
        inside = await gate.enter(FAR)
        burst = [later(gate) for _ in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(ShedError, match="queue_full"):
            gate.refuse_if_full()
        while burst:  # until the queue is empty for a moment
            gate.leave(inside)
            inside = await burst.pop(0)
        assert gate.n_waiting == 0
        next_one = later(gate)
        await asyncio.sleep(0)
        with pytest.raises(ShedError, match="queue_full"):  # and yet not open for another burst
            gate.refuse_if_full()
        monkeypatch.setattr(gate_module, "CALM_SECONDS", 0.0)
        gate.refuse_if_full()
        next_one.cancel()
        await asyncio.gather(next_one, return_exceptions=True)

    asyncio.run(scene())


def test_in_an_overload_nobody_waits_for_a_request_that_has_only_just_come_in(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        gate = opened(max_waiting=5)
        gate.work_seconds = 60.0
        inside = await gate.enter(FAR)
        gate.refuse_if_full()  # without an overload anybody may wait
        gate.note_refusal()
        with pytest.raises(ShedError, match="queue_full"):
            gate.refuse_if_full()
        monkeypatch.setattr(gate_module, "_FRESH", 0.0)
        gate.refuse_if_full()
        monkeypatch.undo()
        gate.leave(inside)
        gate.refuse_if_full()  # nobody is inside

    asyncio.run(scene())


def test_in_an_overload_a_client_who_asks_again_at_once_comes_in_soon() -> None:
    async def scene() -> int:
        gate = opened(max_waiting=5)
        gate.work_seconds = 0.02
        inside = await gate.enter(FAR)
        gate.note_refusal()
        n_refused = 0
        while gate.is_full and n_refused < 100:
            gate.note_refusal()
            n_refused += 1
            await asyncio.sleep(0.001)
        next_one = later(gate)
        await asyncio.sleep(0)
        gate.leave(inside)
        inside = await next_one
        assert gate.is_full  # it has only just come in itself
        gate.leave(inside)
        return n_refused

    assert 1 <= asyncio.run(scene()) <= 20


@pytest.mark.parametrize("is_asked", [False, True])
def test_a_deadline_that_cannot_be_met_is_an_overload_unless_the_client_named_it(*, is_asked: bool) -> None:
    async def scene() -> None:
        gate = opened(max_waiting=5)
        inside = await gate.enter(FAR)
        waiting = [later(gate) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(ShedError, match="deadline"):
            await gate.enter(time.monotonic() + gate.work_seconds, is_asked=is_asked)
        if is_asked:
            gate.refuse_if_full()
        else:
            with pytest.raises(ShedError, match="queue_full"):
                gate.refuse_if_full()
        for task in waiting:
            gate.leave(inside)
            inside = await task

    asyncio.run(scene())


def test_no_more_wait_in_an_overload_than_may_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "CALM_SECONDS", 60.0)
    gate = opened(max_waiting=0)
    for _ in range(2):
        with pytest.raises(ShedError, match="queue_full"):
            gate.refuse_if_full()


def test_who_goes_while_waiting_leaves_no_hole() -> None:
    async def scene() -> None:
        gate = opened()
        inside = await gate.enter(FAR)
        gone, stays = later(gate), later(gate)
        await asyncio.sleep(0)
        gate.leave(inside)  # makes room for the first, which is cancelled in the same moment
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        ticket = await stays
        assert gate.n_running == 1
        gate.leave(ticket)
        gate.leave(ticket)
        assert gate.n_running == 0

    asyncio.run(scene())


def test_a_resting_request_gives_its_place_to_others() -> None:
    async def scene() -> None:
        gate = opened()
        ticket = await gate.enter(FAR)
        other = later(gate)
        await asyncio.sleep(0)

        def rest() -> None:
            with ticket.rest():
                resting.set()
                go_on.wait(30)

        import threading

        resting, go_on = threading.Event(), threading.Event()
        thread = asyncio.create_task(asyncio.to_thread(rest))
        second = await other  # only comes in because the first one rests
        assert await asyncio.to_thread(resting.wait, 10)
        go_on.set()
        await thread
        await asyncio.sleep(0)
        assert gate.n_running == 2  # who comes back does not wait
        gate.leave(second)
        gate.leave(ticket)
        assert gate.n_running == 0

    asyncio.run(scene())


def test_who_is_over_takes_no_place_again() -> None:
    async def scene() -> None:
        gate = opened()
        ticket = await gate.enter(FAR)
        with ticket.rest():
            assert gate.n_running == 0
            gate.leave(ticket)  # the client went meanwhile
        assert gate.n_running == 0

    asyncio.run(scene())


def test_under_pressure_no_request_waits_for_a_language_model() -> None:
    async def scene() -> None:
        gate = opened()
        free = await gate.enter(time.monotonic() + 10)
        assert 9 < free.model_seconds() < 10
        waiting = asyncio.create_task(gate.enter(time.monotonic() + 10))
        await asyncio.sleep(0)
        assert free.model_seconds() == 0.0
        gate.leave(free)
        waited = await waiting
        assert waited.model_seconds() == 0.0
        gate.leave(waited)

    asyncio.run(scene())
