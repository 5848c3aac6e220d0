"""Try a service on this machine: run it on a free port of the loopback address, and send it many requests at once."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import httpx
import uvicorn

from pyft.errors import PyftError


class Reply(NamedTuple):
    """What came back of one request."""

    status: int
    body: Any
    seconds: float


@contextlib.contextmanager
def running(app: Any, patience: float = 30.0) -> Iterator[str]:
    """The address of a service that runs in a thread of this process, until the block ends.

    Raises:
        PyftError: it did not start within `patience` seconds.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="on", backlog=4096))
        thread = threading.Thread(target=server.run, args=([free],), daemon=True)
        thread.start()
        ends = time.monotonic() + patience
        while not server.started:
            if time.monotonic() > ends or not thread.is_alive():
                raise PyftError(f"the service did not start within {patience:g} s")
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{free.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def send_at_once(url: str, bodies: Sequence[Any], timeout: float = 60.0) -> list[Reply]:
    """Send every body to `url` by POST, all at the same time, and return the replies in their order.

    A body is sent as JSON, or as it is if it is bytes. Works within a notebook, whose thread has a loop already.
    """
    replies: list[Reply] = []
    thread = threading.Thread(target=lambda: replies.extend(asyncio.run(_all(url, bodies, timeout))))
    thread.start()
    thread.join()
    return replies


async def _all(url: str, bodies: Sequence[Any], timeout: float) -> list[Reply]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:

        async def one(body: Any) -> Reply:
            start = time.perf_counter()
            how = {"content": body} if isinstance(body, bytes) else {"json": body}
            try:
                reply = await client.post(url, **how)
            except httpx.HTTPError as error:
                return Reply(0, type(error).__name__, time.perf_counter() - start)
            return Reply(reply.status_code, reply.json(), time.perf_counter() - start)

        return list(await asyncio.gather(*map(one, bodies)))
