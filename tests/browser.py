"""A real browser without a window: prints a page, and says what it complained of and asked for."""

import re
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Of Skia's PDF: page objects are not compressed.
PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
SIZE = re.compile(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]")
# What the browser asks for by itself, page or no page.
ITS_OWN = re.compile(r"google|gstatic|gvt1|chromium")
QUIET = (
    "--headless=new",
    "--no-sandbox",  # it runs as root here, on pages that we made
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-pdf-header-footer",
    "--enable-logging=stderr",
)


@dataclass(frozen=True)
class Printed:
    pages: int
    sizes: tuple[tuple[float, float], ...]  # points
    complaints: tuple[str, ...]  # of its console
    requests: tuple[str, ...]  # that it made over the network


def program() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("not run: no chromium on this machine")
    return found


def printed(page: Path, folder: Path) -> Printed:
    """Print a page to PDF, with a proxy that only listens between the browser and the world."""
    pdf = folder / f"{page.stem}.pdf"
    with recorder() as (port, asked):
        done = subprocess.run(
            [
                program(),
                *QUIET,
                f"--user-data-dir={folder / 'profile'}",
                f"--proxy-server=127.0.0.1:{port}",
                "--proxy-bypass-list=<-loopback>",
                f"--print-to-pdf={pdf}",
                page.resolve().as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert pdf.is_file(), done.stderr
    data = pdf.read_bytes()
    return Printed(
        pages=len(PAGE.findall(data)),
        sizes=tuple((float(width), float(height)) for width, height in SIZE.findall(data)),
        complaints=tuple(line for line in done.stderr.splitlines() if "CONSOLE" in line),
        requests=tuple(line for line in asked if not ITS_OWN.search(line)),
    )


@contextmanager
def recorder() -> Iterator[tuple[int, list[str]]]:
    """Listen as a proxy that writes down what it is asked for, and gives nothing."""
    asked: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline(4096).decode("latin-1").strip())
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()
