"""The kernels that nbval starts are forked from one process that has imported torch and its like: seconds saved a page.

Each page still begins in a process of its own that has run nothing and imported nothing of `pyft`. `pyft run`, which
makes the outputs that are stored, starts its kernels afresh: a page that forgot an import fails there.
"""

import multiprocessing
import os
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner
from nbval.kernel import CURRENT_ENV_KERNEL_NAME

IMPORTED = (  # what most pages import, a dozen seconds in all
    "ipykernel.kernelapp",
    "seaborn",
    "sklearn.feature_extraction.text",
    "sklearn.linear_model",
    "torch",
    "datasets",
    "transformers.modeling_utils",
    "transformers.image_processing_utils",
    "peft",
)


@cache
def fresh_path() -> list[str]:
    """Where a new Python looks for modules; pytest adds to its own."""
    said = subprocess.run([sys.executable, "-c", "import sys; print(*sys.path[1:], sep=chr(0))"], capture_output=True)
    return said.stdout.decode().strip().split("\0")


def kernel(connection_file: str, folder: str, environment: dict[str, str], path: list[str]) -> None:
    """Become what `python -m ipykernel_launcher -f CONNECTION_FILE` is."""
    import matplotlib
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path
    multiprocessing.set_start_method(None, force=True)
    multiprocessing.current_process().name = "MainProcess"
    matplotlib.rcParams["backend"] = "module://matplotlib_inline.backend_inline"  # as MPLBACKEND would ask
    np.random.seed()  # two pages that forget to seed it differ, as two processes do
    for stream in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    IPKernelApp.launch_instance(argv=["-f", connection_file, f"--IPKernelApp.parent_handle={os.getppid()}"])


class Process:
    """A forked kernel with the methods of `subprocess.Popen` that a provisioner calls."""

    stdin = stdout = stderr = None

    def __init__(self, connection_file: str, folder: str, environment: dict[str, str]):
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload([*IMPORTED])
        self.process = forks.Process(target=kernel, args=(connection_file, folder, environment, fresh_path()))
        self.process.start()
        self.pid = self.process.pid
        self.terminate = self.process.terminate
        self.kill = self.process.kill

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, signum: int) -> None:
        with suppress(ProcessLookupError):  # it has ended
            os.kill(self.pid, signum)


class Forked(LocalProvisioner):
    """Starts nbval's kernels as `Process`; all else is as it was.

    Other kernels, those of `pyft run` under test, may need what only a new process reads: the number of threads.
    """

    async def launch_kernel(self, cmd, **kwargs):
        if self.parent.kernel_name != CURRENT_ENV_KERNEL_NAME:
            return await super().launch_kernel(cmd, **kwargs)
        self.process = Process(cmd[cmd.index("-f") + 1], kwargs.get("cwd") or ".", kwargs["env"])
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def safe() -> bool:
    """Elsewhere than on Linux, and beside CUDA, a process that has imported torch is not safely forked."""
    return sys.platform == "linux" and not Path("/dev/nvidiactl").exists()


def install() -> None:
    """Let this process start kernels as `Forked` does."""
    factory = KernelProvisionerFactory.instance()
    factory.provisioners["forked"] = EntryPoint("forked", f"{__name__}:Forked", factory.GROUP_NAME)
    factory.default_provisioner_name = "forked"
