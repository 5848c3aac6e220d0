"""A model as a service over HTTP: answers in batches, limits, health, metrics. Needs the extra `serve`.

POST /predict   {"texts": ["…", "…"]}  ->  {"answers": [{…}, {…}]}, in the order of the texts
                a class   {"label": "pos", "p": {"neg": 0.1, "pos": 0.9}, "unread": 0}
                a number  {"value": 3.5, "unread": 0}
                tags      {"tokens": ["…", "…"], "tags": ["B-PER", "O"], "unread": 0}
                unread    what of the text's end the model was not given, since the text is longer than `max_length`
                          tokens: so many tokens; of tags so many words, which are then `O`
GET  /health    whether it answers, and what it answers
GET  /metrics   counts and times, as Prometheus reads them

422  the request is malformed, or one of its texts is     503  too many texts wait: try again later
413  its body is too large                                504  no answer in time
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict

from pyft.data.row_checks import HALF, broken
from pyft.deployment.batching import USUAL, Answerer, Batcher, Limits, OverloadedError
from pyft.finetune import hardware
from pyft.finetune.predictions import unread
from pyft.finetune.saved import SavedModel

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Ask(BaseModel):
    """What /predict is sent."""

    model_config = ConfigDict(extra="forbid")
    texts: list[str]


class Metrics:
    """What the service counts, in a registry of its own."""

    def __init__(self, batcher_waits: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        options: dict[str, Any] = {"registry": self.registry}
        self.requests = Counter("pyft_requests", "requests, by status", ["status"], **options)
        self.seconds = Histogram("pyft_request_seconds", "from a request to its answer", **options)
        self.batches = Histogram("pyft_batch_texts", "texts of a batch", buckets=(1, 2, 4, 8, 16, 32, 64), **options)
        Gauge("pyft_waiting_texts", "texts that wait", **options).set_function(batcher_waits)


def make_app(answer: Answerer, about: dict[str, Any], limits: Limits = USUAL) -> FastAPI:
    """A service that answers texts with `answer`, which is called with up to `limits.batch` texts, in one thread."""
    batcher = Batcher(answer, limits, lambda size: metrics.batches.observe(size))
    metrics = Metrics(batcher.queue.qsize)

    @contextlib.asynccontextmanager
    async def working(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(batcher.run())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def health() -> dict[str, Any]:
        return {"status": "ok", "waiting": batcher.queue.qsize(), **about}

    async def measured() -> Response:
        return Response(generate_latest(metrics.registry), media_type="text/plain; version=0.0.4")

    async def predict(ask: Ask) -> dict[str, Any]:
        if problem := wrong_with(ask.texts, limits):
            raise HTTPException(422, problem)
        try:
            return {"answers": await batcher.ask(ask.texts)}
        except OverloadedError:
            raise HTTPException(503, "too many texts wait already: try again", {"Retry-After": "1"}) from None
        except TimeoutError:
            raise HTTPException(504, f"no answer within {limits.seconds:g} seconds") from None
        except Exception as error:
            log.exception("the model failed")
            raise HTTPException(500, "the model failed on one of these texts") from error

    app = FastAPI(title="pyft", lifespan=working)
    app.add_api_route("/predict", predict, methods=["POST"])
    app.add_api_route("/health", health, methods=["GET"])
    app.add_api_route("/metrics", measured, methods=["GET"])
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_middleware(Guard, most=limits.body, metrics=metrics)
    return app


def wrong_with(texts: Sequence[str], limits: Limits) -> str:
    """What is wrong with the texts of a request, in words; nothing if nothing is."""
    if not 1 <= len(texts) <= limits.texts:
        return f"texts: {len(texts):,}, expected 1 to {limits.texts:,} a request"
    for number, text in enumerate(texts, start=1):
        if not text.strip():
            return f"text {number} is empty"
        if len(text) > limits.characters:
            return f"text {number} has {len(text):,} characters, expected at most {limits.characters:,}"
        if broken(text):
            return f"text {number} holds {HALF}"
    return ""


async def malformed(_: Request, error: Exception) -> Response:
    """Say where a request is malformed. What was sent is not sent back: it may be long, or no text that can be sent."""
    told = [
        {"where": ".".join(map(str, problem["loc"])), "what": problem["msg"]}
        for problem in (error.errors() if isinstance(error, RequestValidationError) else [])
    ]
    return JSONResponse({"detail": told, "expected": {"texts": ["a text", "another"]}}, 422)


class Guard:
    """Refuse bodies that are too large, before they are held in memory, and count requests by their status."""

    def __init__(self, app: Any, most: int, metrics: Metrics) -> None:
        self.app, self.most, self.metrics = app, most, metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        start, size = time.perf_counter(), 0
        too_large = f"the body has more than {self.most:,} bytes"

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.most:
                raise HTTPException(413, too_large)
            return message

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] == "/predict":
                self.metrics.requests.labels(str(message["status"])).inc()
                self.metrics.seconds.observe(time.perf_counter() - start)
            await send(message)

        said = dict(scope["headers"]).get(b"content-length", b"0")
        if said.isdigit() and int(said) > self.most:
            return await JSONResponse({"detail": too_large}, 413)(scope, receive, told)
        return await self.app(scope, counted, told)


def answerer(saved: SavedModel) -> Answerer:
    """How a saved model answers: with a class and its probabilities, a number, or the tags of words.

    Each answer says how much of its text is `unread`, as the module's text has it.
    """
    labels, task = saved.card["labels"], saved.card["task"]

    def answer(texts: list[str]) -> list[dict[str, Any]]:
        return [found | {"unread": n} for found, n in zip(answers(texts), unread(saved, texts), strict=True)]

    def answers(texts: list[str]) -> list[dict[str, Any]]:
        given = saved.answer(texts)
        if task == "regression":
            return [{"value": value} for value in given.found]
        if task == "token-classification":
            pairs = zip(saved.units(texts), given.found, strict=True)
            return [{"tokens": words, "tags": list(tags)} for words, tags in pairs]
        return [
            {"label": label, "p": {name: round(x, 4) for name, x in zip(labels, p.tolist(), strict=True)}}
            for label, p in zip(given.found, given.p, strict=True)
        ]

    return answer


def of_folder(folder: Path, limits: Limits = USUAL) -> FastAPI:
    """The service of what `pyft finetune --out` has written. Raises `PyftError` if it is no finished model."""
    saved = SavedModel(folder.absolute())  # a relative one may have the name of a pretrained model
    saved.loaded[0].to(hardware.device())  # now, and not when the first request waits
    return make_app(answerer(saved), {key: saved.card[key] for key in ("task", "labels", "max_length")}, limits)
