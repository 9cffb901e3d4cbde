"""A LiteRT with an Edge TPU: `load_delegate` and `Interpreter` as documented, over a CPU twin.

Rule 1: FAKE_EDGETPU in the environment says what happens, so that it holds in a probe's process
too: fine, no-library, no-device, in-use, crash, not-taken, fails, hangs.
Rule 2: a compiled file is not run: FAKE_EDGETPU_TWIN names the file that it was compiled from,
which the real LiteRT runs. Inputs and outputs of both are the same, numbers for numbers.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any

OPTIONS = {"device": ("usb", "pci", "")}
UNRESOLVED = "Encountered unresolved custom op: edgetpu-custom-op.\nSee instructions: ..."


def _mood() -> str:
    return os.environ.get("FAKE_EDGETPU", "fine")


class Delegate:
    pass


def load_delegate(library: str, options: dict[str, str] | None = None) -> Delegate:
    if library != "libedgetpu.so.1" or _mood() == "no-library":
        raise OSError(f"{library}: cannot open shared object file: No such file or directory")
    if any(value not in OPTIONS[key] for key, value in (options or {}).items()):
        raise ValueError("an option that libedgetpu does not know")
    if _mood() in {"no-device", "in-use"}:  # the library says no more of either
        raise ValueError(f"Failed to load delegate from {library}\n")
    if _mood() == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    return Delegate()


class Interpreter:
    def __init__(
        self,
        model_path: str | None = None,
        model_content: bytes | None = None,
        experimental_delegates: list[Delegate] | None = None,
        num_threads: int | None = None,
    ) -> None:
        from ai_edge_litert.interpreter import (
            Interpreter as Real,
        )

        content = model_content or Path(model_path or "").read_bytes()
        self._compiled = b"edgetpu-custom-op" in content
        self._delegates = experimental_delegates or []
        if self._compiled:
            content = Path(os.environ["FAKE_EDGETPU_TWIN"]).read_bytes()
        self._real = Real(model_content=content, num_threads=num_threads)

    def allocate_tensors(self) -> None:
        if self._compiled and not self._delegates:
            raise RuntimeError(UNRESOLVED)
        if _mood() == "not-taken":
            raise RuntimeError("Internal: Unsupported data type in custom op handler: 0\n")
        self._real.allocate_tensors()

    def invoke(self) -> None:
        if _mood() == "fails":
            raise RuntimeError("Failed to execute request. Could not submit BULK_OUT\nmore of it")
        if _mood() == "hangs":
            time.sleep(3600)
        self._real.invoke()

    def __getattr__(self, name: str) -> Any:  # get_input_details, get_output_details, tensor
        return getattr(self._real, name)
