"""The service answers every request with its own texts' answers, refuses what is bad, and loses nothing."""

import asyncio
import threading
from pathlib import Path

import pytest
import saved_models
import torch

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")

from pyft.deployment.batching import Batcher, Limits  # noqa: E402
from pyft.deployment.loopback import running, send_at_once  # noqa: E402
from pyft.deployment.service import answerer, make_app, of_folder, wrong_with  # noqa: E402
from pyft.finetune import hardware  # noqa: E402
from pyft.finetune.saved import SavedModel  # noqa: E402
from pyft.models import loading  # noqa: E402

BAD = [
    {},
    {"texts": []},
    {"texts": "a"},
    {"texts": [3]},
    {"texts": ["a", " \n"]},
    {"texts": ["a"] * 65},
    {"texts": ["a" * 20_001]},
    {"texts": ["a"], "more": 1},
    b"{",
    b"\xff",
    b'{"texts": ["\\ud800"]}',
    b"[" * 100_000,
]


def lengths(texts):
    return [{"n": len(text), "text": text} for text in texts]


def ask(app, bodies, path="/predict"):
    """Replies to some bodies, in this process and all at once: status and what was said."""

    async def all_():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as c:
            how = [{"content": body} if isinstance(body, bytes) else {"json": body} for body in bodies]
            return await asyncio.gather(*(c.post(path, **options) for options in how))

    return [(r.status_code, r.json()) for r in asyncio.run(all_())]


def test_a_thousand_at_once_get_each_its_own_answers_and_share_batches():
    batches = []

    def answer(texts):
        batches.append(len(texts))
        return lengths(texts)

    bodies = [{"texts": [f"{'a' * (i % 7)} {i}", f"b {i}"]} for i in range(1000)]
    for body, (status, said) in zip(bodies, ask(make_app(answer, {}), bodies), strict=True):
        assert status == 200
        assert [found["text"] for found in said["answers"]] == body["texts"]
    assert sum(batches) == 2000 and max(batches) == 32


def test_bad_requests_are_422_and_the_good_ones_among_them_are_answered():
    bodies = [body for bad in BAD for body in (bad, {"texts": ["good"]})]
    replies = ask(make_app(lengths, {}), bodies)
    assert [status for status, _ in replies] == [422, 200] * len(BAD)
    assert all(said["detail"] for status, said in replies if status == 422)


def test_a_body_that_is_too_large_is_413():
    body = b'{"texts": ["' + b"a" * 2**20 + b'"]}'
    assert ask(make_app(lengths, {}), [body])[0][0] == 413


def test_a_large_body_that_comes_in_pieces_without_its_length_is_413():
    async def pieces():
        for _ in range(20):
            yield b"a" * 2**17

    async def post(app):
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as c:
            return (await c.post("/predict", content=pieces())).status_code

    assert asyncio.run(post(make_app(lengths, {}))) == 413


def test_too_many_that_wait_are_503_and_the_others_are_answered():
    go = threading.Event()

    def slow(texts):
        go.wait(1)
        return lengths(texts)

    replies = ask(make_app(slow, {}, Limits(waiting=10, batch=4)), [{"texts": ["a"]}] * 40)
    statuses = [status for status, _ in replies]
    assert set(statuses) == {200, 503} and statuses.count(200) >= 10


def test_no_answer_in_time_is_504_and_later_ones_are_answered():
    calls = []

    def slow_at_first(texts):
        calls.append(len(texts))
        if len(calls) == 1:
            threading.Event().wait(0.3)
        return lengths(texts)

    app = make_app(slow_at_first, {}, Limits(seconds=0.1, batch=1, wait=0))

    async def both():
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as c:
            first = await c.post("/predict", json={"texts": ["a"]})
            await asyncio.sleep(0.4)
            return first.status_code, (await c.post("/predict", json={"texts": ["b"]})).status_code

    assert asyncio.run(both()) == (504, 200)


def test_a_text_that_breaks_the_model_spoils_no_other():
    def answer(texts):
        if "poison" in texts:
            raise RuntimeError
        return lengths(texts)

    bodies = [{"texts": [text]} for text in ("good", "poison", "fine")]
    assert [status for status, _ in ask(make_app(answer, {}), bodies)] == [200, 500, 200]


def test_health_and_metrics():
    app = make_app(lengths, {"labels": ["a", "b"]})

    async def look():
        transport = httpx.ASGITransport(app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://x") as c:
            await c.post("/predict", json={"texts": ["a", "b"]})
            await c.post("/predict", json={})
            return (await c.get("/health")).json(), (await c.get("/metrics")).text

    health, metrics = asyncio.run(look())
    assert health == {"status": "ok", "waiting": 0, "labels": ["a", "b"]}
    assert 'pyft_requests_total{status="200"} 1.0' in metrics
    assert 'pyft_requests_total{status="422"} 1.0' in metrics
    assert "pyft_batch_texts_sum 2.0" in metrics


def test_what_is_wrong_is_said():
    assert wrong_with(["a", " "], Limits()) == "text 2 is empty"
    assert wrong_with(["a"], Limits()) == ""


FIELDS = {
    "sequence-classification": {"label", "p"},
    "regression": {"value"},
    "token-classification": {"tokens", "tags"},
}


@pytest.mark.parametrize("task,names", FIELDS.items())
def test_each_answer_says_how_much_of_its_text_was_not_read(task, names, tmp_path, tiny_bert, tokenizer):
    answer = answerer(saved_models.small(tmp_path / "mine", tiny_bert, tokenizer, task))
    ((_, said),) = ask(make_app(answer, {}), [{"texts": ["good film", "the bad film a poison"]}])
    assert [found["unread"] for found in said["answers"]] == [0, 2]
    assert all(found.keys() == names | {"unread"} for found in said["answers"])


def test_the_service_is_of_the_folder_and_on_the_hardware_that_there_is(tmp_path, tiny_bert, tokenizer, monkeypatch):
    saved_models.small(tmp_path / "bert", tiny_bert, tokenizer)
    monkeypatch.chdir(tmp_path)
    made, load = [], SavedModel.loaded.func
    monkeypatch.setattr(SavedModel, "loaded", property(lambda saved: made.append(load(saved)[0]) or (made[-1], None)))
    monkeypatch.setattr(loading, "files", lambda name: pytest.fail("the pretrained model was taken"))
    monkeypatch.setattr(hardware, "device", lambda: torch.device("meta"))  # every machine has this one
    of_folder(Path("bert"))
    assert [next(model.parameters()).device.type for model in made] == ["meta"]


def test_a_batch_waits_no_longer_than_it_is_told():
    async def one():
        batcher = Batcher(lengths, Limits(wait=0.0))
        task = asyncio.create_task(batcher.run())
        found = await asyncio.wait_for(batcher.ask(["a"]), 5)
        task.cancel()
        return found

    assert asyncio.run(one()) == lengths(["a"])


@pytest.mark.slow
def test_a_thousand_in_flight_over_the_loopback_address():
    batches = []

    def answer(texts):
        batches.append(len(texts))
        return lengths(texts)

    bodies = [{"texts": [str(i)]} if i % 10 else {"texts": []} for i in range(1000)]
    with running(make_app(answer, {})) as url:
        replies = send_at_once(f"{url}/predict", bodies)
    for i, reply in enumerate(replies):
        assert reply.status == (200 if i % 10 else 422), reply
        assert not i % 10 or reply.body["answers"] == lengths([str(i)])
    assert sum(batches) == 900
