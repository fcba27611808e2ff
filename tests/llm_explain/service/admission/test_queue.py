"""The queue is bounded, keeps the order, and refuses a request that would wait past its deadline."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from llm_explain.service.admission.queue import AdmissionQueue, ShedError, Ticket

FAR = 1e9


def opened(*, max_running: int = 1, max_waiting: int = 4) -> AdmissionQueue:
    return AdmissionQueue(max_running=max_running, max_waiting=max_waiting)


def later(queue: AdmissionQueue) -> asyncio.Task[Ticket]:
    return asyncio.create_task(queue.enter(FAR))


async def step() -> None:
    """Let callbacks and the tasks that they wake run."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_requests_run_in_the_order_in_which_they_came() -> None:
    async def scene() -> list[int]:
        queue = opened(max_running=2)
        order: list[int] = []

        async def run(number: int) -> None:
            ticket = await queue.enter(FAR)
            assert queue.n_running <= 2
            order.append(number)
            await asyncio.sleep(0)
            ticket.release()

        await asyncio.gather(*(run(number) for number in range(5)))
        await step()
        assert (queue.n_running, queue.n_waiting) == (0, 0)
        return order

    assert asyncio.run(scene()) == [0, 1, 2, 3, 4]


def test_a_full_queue_refuses_at_once() -> None:
    async def scene() -> None:
        queue = opened(max_waiting=2)
        running = await queue.enter(FAR)
        waiting = [later(queue) for _ in range(2)]
        await step()
        with pytest.raises(ShedError, match="queue_full") as caught:
            await queue.enter(FAR)
        assert caught.value.problem.retry_after == 1
        running.release()
        for task in waiting:
            (await task).release()

    asyncio.run(scene())


def test_a_request_that_would_wait_past_its_deadline_is_refused_before_it_waits() -> None:
    async def scene() -> None:
        queue = opened()
        await queue.enter(FAR)
        with pytest.raises(ShedError, match="deadline"):
            await queue.enter(time.monotonic() + queue.work_seconds)
        assert queue.n_waiting == 0

    asyncio.run(scene())


def test_a_request_that_has_waited_until_its_deadline_is_refused() -> None:
    async def scene() -> None:
        queue = opened()
        queue.work_seconds = 0.0
        running = await queue.enter(FAR)
        with pytest.raises(ShedError, match="deadline"):
            await queue.enter(time.monotonic() + 0.02)
        running.release()
        await step()
        assert (queue.n_running, queue.n_waiting) == (0, 0)

    asyncio.run(scene())


def test_a_free_place_is_given_whatever_the_deadline() -> None:
    async def scene() -> None:
        queue = opened()
        ticket = await queue.enter(time.monotonic())
        assert ticket.model_seconds() == 0.0

    asyncio.run(scene())


def test_a_client_that_leaves_while_it_waits_loses_no_place() -> None:
    async def scene() -> None:
        queue = opened()
        running = await queue.enter(FAR)
        gone, stays = later(queue), later(queue)
        await step()
        running.release()  # makes room for the first, which is cancelled in the same moment
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        ticket = await stays
        assert queue.n_running == 1
        ticket.release()
        ticket.release()  # does nothing
        await step()
        assert (queue.n_running, queue.n_waiting) == (0, 0)

    asyncio.run(scene())


def test_a_place_can_be_released_from_another_thread() -> None:
    async def scene() -> None:
        queue = opened()
        ticket = await queue.enter(FAR)
        waiting = later(queue)
        await step()
        thread = threading.Thread(target=ticket.release)
        thread.start()
        (await waiting).release()
        thread.join()
        ticket.release()
        await step()
        assert queue.n_running == 0

    asyncio.run(scene())


def test_no_request_uses_the_language_model_while_requests_wait() -> None:
    async def scene() -> None:
        queue = opened()
        running = await queue.enter(time.monotonic() + 10)
        assert 9 < running.model_seconds() < 10
        waiting = asyncio.create_task(queue.enter(time.monotonic() + 10))
        await step()
        assert running.model_seconds() == 0.0
        running.release()
        waited = await waiting
        assert waited.model_seconds() == 0.0  # it had to wait itself
        waited.release()

    asyncio.run(scene())


def test_the_deadline_limits_storage_too() -> None:
    async def scene() -> None:
        left = (await opened(max_running=2).enter(time.monotonic() + 10)).storage_seconds()
        assert 9 < left <= 10

    asyncio.run(scene())


def test_a_request_for_many_users_lets_others_go_first_after_each() -> None:
    async def scene() -> None:
        queue = opened()
        many = await queue.enter(FAR)
        other = later(queue)
        await step()
        again = asyncio.create_task(many.reenter())
        await step()
        assert other.done()
        assert not again.done()
        other.result().release()
        await again
        assert (queue.n_running, queue.n_waiting) == (1, 0)
        many.release()
        await step()
        assert queue.n_running == 0

    asyncio.run(scene())
