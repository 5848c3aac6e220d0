"""Texts of many requests, answered in batches: a model takes little longer for eight texts than for one."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Answerer = Callable[[list[str]], Sequence[Any]]  # one answer for each text


@dataclass(frozen=True)
class Limits:
    """What a service takes on. A request beyond a limit is refused at once, with the reason."""

    texts: int = 64  # of a request
    characters: int = 20_000  # of a text
    body: int = 2**20  # bytes of a request
    waiting: int = 4_096  # texts that wait, of all requests
    batch: int = 32  # texts that the model is asked at once
    wait: float = 0.005  # seconds that the first text of a batch waits for others
    seconds: float = 30.0  # for an answer


USUAL = Limits()


class OverloadedError(Exception):
    """More texts wait already than may."""


class Batcher:
    """Hands texts to the model in the order in which they came, up to `limits.batch` at once.

    `ask` may be called by any number of tasks; `run` is one task, which works until it is cancelled.
    """

    def __init__(self, answer: Answerer, limits: Limits, on_batch: Callable[[int], None] = lambda size: None) -> None:
        self.answer, self.limits, self.on_batch = answer, limits, on_batch
        self.queue: asyncio.Queue[tuple[str, asyncio.Future[Any]]] = asyncio.Queue()

    async def ask(self, texts: Sequence[str]) -> list[Any]:
        """The answers, in the order of the texts.

        Raises:
            OverloadedError: too many texts wait.
            TimeoutError: no answer within `limits.seconds`.
        """
        if self.queue.qsize() + len(texts) > self.limits.waiting:
            raise OverloadedError
        futures = [asyncio.get_running_loop().create_future() for _ in texts]
        for pair in zip(texts, futures, strict=True):
            self.queue.put_nowait(pair)
        try:
            async with asyncio.timeout(self.limits.seconds):
                return list(await asyncio.gather(*futures))
        finally:
            for future in futures:  # of a request that gave up: nobody waits for these any more
                future.cancel()

    async def run(self) -> None:
        """Answer what comes."""
        while True:
            batch = [pair for pair in await self._next() if not pair[1].done()]
            if batch:
                self.on_batch(len(batch))
                await self._settle(batch)

    async def _next(self) -> list[tuple[str, asyncio.Future[Any]]]:
        """The texts of the next batch: the first that comes, and those that come soon after."""
        batch = [await self.queue.get()]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.limits.wait):
                while len(batch) < self.limits.batch:
                    batch.append(await self.queue.get())
        while len(batch) < self.limits.batch and not self.queue.empty():
            batch.append(self.queue.get_nowait())
        return batch

    async def _settle(self, batch: Sequence[tuple[str, asyncio.Future[Any]]]) -> None:
        texts = [text for text, _ in batch]
        try:
            found = await asyncio.to_thread(self.answer, texts)
            pairs = list(zip(batch, found, strict=True))
        except Exception as error:
            if len(batch) == 1:
                if not batch[0][1].done():
                    batch[0][1].set_exception(error)
                return
            for one in batch:  # a text that the model cannot take spoils no other's answer
                await self._settle([one])
            return
        for (_, future), answer in pairs:
            if not future.done():
                future.set_result(answer)
