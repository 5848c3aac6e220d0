"""A forked kernel is what a fresh one is, but for what it has imported; it can be interrupted and stopped."""

import json
from contextlib import contextmanager

import pytest
from forked_kernels import Process, safe
from jupyter_client.manager import KernelManager
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, NbvalKernelspecManager

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not safe(), reason="kernels are not forked here"),
]
FACTS = """
import json, multiprocessing, os, random, signal, sys, threading
import matplotlib.pyplot as plt
fig = plt.figure()
facts = {
    "modules": sorted(name for name in sys.modules if name.partition(".")[0] == "pyft"),
    "names": sorted(name for name in globals() if not name.startswith("_")),
    "main": [__name__, threading.current_thread() is threading.main_thread(), os.getpid() == os.getsid(0)],
    "path": sys.path,
    "folder": os.getcwd(),
    "environment": {k: v for k, v in os.environ.items() if k != "JPY_PARENT_PID"},
    "ways": [multiprocessing.get_start_method(), multiprocessing.current_process().name, plt.get_backend()],
    "signals": [str(signal.getsignal(s)).split(" at ")[0] for s in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)],
}
plt.close()
print(json.dumps(facts))
"""


@contextmanager
def kernel(folder, name=CURRENT_ENV_KERNEL_NAME):
    """A kernel of that name, forked unless told otherwise: its manager and its client."""
    manager = KernelManager(kernel_name=name, kernel_spec_manager=NbvalKernelspecManager())
    manager.start_kernel(cwd=str(folder))
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=120)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert not manager.is_alive()


def printed(client, code: str) -> str:
    """What the kernel prints, or the name of the exception that it ends with."""
    said = []

    def note(message):
        if message["msg_type"] in ("stream", "error"):
            said.append(message["content"].get("text") or message["content"]["ename"])

    client.execute_interactive(code, output_hook=note, timeout=120)
    return "".join(said)


def test_a_forked_kernel_is_as_a_fresh_one(tmp_path):
    with kernel(tmp_path, "python3") as (manager, client):
        assert not isinstance(manager.provisioner.process, Process)
        fresh = json.loads(printed(client, FACTS))
    with kernel(tmp_path) as (manager, client):
        assert isinstance(manager.provisioner.process, Process)
        assert json.loads(printed(client, FACTS)) == fresh
    assert fresh["modules"] == [] and fresh["folder"] == str(tmp_path)


def test_two_forked_kernels_share_nothing(tmp_path):
    draw = "import random, numpy as np; print(random.random(), np.random.rand())"
    with kernel(tmp_path) as (_, one), kernel(tmp_path) as (_, other):
        assert printed(one, "a = 1; import sys; print('torch' in sys.modules)") == "True\n"
        assert printed(other, "a") == "NameError"
        assert not set(printed(one, draw).split()) & set(printed(other, draw).split())


def test_a_forked_kernel_is_interrupted_and_lives_on(tmp_path):
    with kernel(tmp_path) as (manager, client):
        client.execute("import time; print('begun'); time.sleep(300)", stop_on_error=False)
        while client.get_iopub_msg(timeout=60)["msg_type"] != "stream":
            pass
        manager.interrupt_kernel()
        assert client.get_shell_msg(timeout=60)["content"]["status"] == "error"
        assert printed(client, "print(1 + 1)") == "2\n"


def test_a_forked_kernel_that_dies_is_seen_to_be_dead(tmp_path):
    with kernel(tmp_path) as (manager, client):
        client.execute("import os; os._exit(3)")
        assert manager.provisioner.process.wait() == 3
        assert not manager.is_alive()
