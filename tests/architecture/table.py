"""The tables of the architecture: who stands where, and who may use what.

A place is a module's dotted name without `counter.`; a package stands for all files in it. A new
file in `counter/` belongs in FLOORS before anything else: without a floor the test fails.
"""

from dataclasses import dataclass


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Lowest first. An import points to a lower floor, or stays on its own without a circle.
FLOORS: tuple[tuple[str, ...], ...] = (
    (
        "",  # counter/__init__.py: the version
        "errors",
        "purposes",
        "guarantees",
        "settings",
        "addresses",
        "interval",
        "cells",
        "geometry",
        "homography",
        "lens",
        "floorplan",
        "survey",
        "frame",
        "people",
        "release",
    ),
    (
        "config",
        "hints",
        "crosscheck",
        "spacecheck",
        "crowdcheck",
        "masking",
        "refusals",
        "floor",
        "balance",
        "history",
        "registry",
        "backends",
        "models",
        "accelerators",
        "sandbox",
        "levels",
        "correction",
        "tally",
        "nearby",
        "bodies",
        "tracking",
        "zones",
        "still",
        "crowds",
        "segments",
        "paths",
        "lines",
        "flows",
        "spaces",
        "sources",
        "detectors",
    ),
    ("disclosure", "ceiling", "outputs", "health", "ledger"),
    ("counting",),
    ("engine", "clock", "service", "voice"),
    ("reach",),
    ("start",),  # everything that happens before rights are given up
    ("machine",),
    ("assemble", "check"),  # what `run` and `check` are made of
    ("demo", "evaluate", "aim", "prove", "board", "dossier"),
    ("catalogue",),  # the network code of `models fetch`: nothing but the command may import it
    ("cli", "__main__"),
)

# Who may import a ring. `evaluate` is a laboratory tool: it compares exact numbers with labels on
# recorded footage, refuses live cameras, and publishes nothing; so it may see ring 1 and 2.
RINGS: dict[str, tuple[str, ...]] = {
    "frame": ("sources", "detectors"),
    "people": (
        "detectors", "tracking", "zones", "still", "crowds", "segments", "bodies", "lines",
        "spaces", "tally", "counting", "evaluate", "aim",
    ),
    "tally": ("disclosure", "ceiling", "counting", "evaluate", "aim"),
}  # fmt: skip

# They speak to the world or are read before rights are given up: no ring, no array, not even
# through somebody else's import.
SEALED = (
    "outputs", "board", "dossier", "health", "config", "addresses", "crosscheck", "spacecheck",
    "crowdcheck", "masking", "models", "registry", "backends",
)  # fmt: skip
# Loaded before rights are given up: importing them loads no vendor that is heavy.
LIGHT = (
    *SEALED,
    "cli",
    "__main__",
    "voice",
    "settings",
    "release",
    "sandbox",
    "ledger",
    "accelerators",
    "reach",
    "start",
    "service",
    "backends",
)
HEAVY = (
    "numpy", "cv2", "scipy", "onnxruntime", "ultralytics", "torch", "amqtt",
    "ai_edge_litert", "tflite_runtime", "hailo_platform", "openvino", "ncnn",
)  # fmt: skip

# Pure: time, randomness and pictures enter as values; numbers leave as values.
CORE = (
    "frame", "people", "tally", "release", "interval", "cells", "purposes", "settings", "addresses",
    "geometry", "nearby", "bodies", "tracking", "zones", "still", "segments", "paths", "lines",
    "tally", "floorplan", "levels", "refusals", "floor", "hints", "crowds", "masking", "balance",
    "history", "correction", "spacecheck", "crowdcheck", "flows", "spaces", "disclosure", "ceiling",
    "counting", "detectors.yolo", "detectors.letterbox", "detectors.quantised",
    "detectors.hailo_maps", "homography", "lens", "survey",
)  # fmt: skip
WORLD_MODULES = _words("""
    _io aiohttp asyncio atexit builtins codecs concurrent ctypes curses email fcntl fileinput ftplib
    getpass glob http imaplib importlib io ipaddress locale logging mmap multiprocessing os pathlib
    platform poplib pprint queue random readline requests runpy sched secrets select selectors
    shutil signal smtplib socket socketserver ssl subprocess sys syslog tempfile termios threading
    time timeit traceback urllib uuid warnings webbrowser zipfile zoneinfo
""")
WORLD_NAMES = _words("""
    open input print breakpoint eval exec compile __import__ globals numpy.random numpy.load
    numpy.fromfile numpy.loadtxt numpy.genfromtxt numpy.DataSource scipy.io scipy.stats
    cv2.imread cv2.VideoCapture cv2.randu cv2.randn cv2.getTickCount cv2.setRNGSeed
""")
CLOCK_METHODS = frozenset({"now", "utcnow", "today", "astimezone"})  # of whatever object


@dataclass(frozen=True)
class Vendor:
    """A third-party library: the places that import it, and when."""

    places: tuple[str, ...]
    late: bool = True  # only inside a function: when its backend is opened
    why: str = ""


ARRAYS = (
    "frame", "people", "geometry", "nearby", "bodies", "tracking", "zones", "still", "crowds",
    "segments", "paths", "lines", "tally", "sources", "detectors", "counting", "evaluate", "aim",
    "prove.forms", "prove.pictures", "prove.specimens",
)  # fmt: skip
VENDORS: dict[str, Vendor] = {
    "numpy": Vendor(
        ARRAYS, late=False, why="the arrays of rings 0 and 1; a file that needs none is not listed"
    ),
    "msgspec": Vendor(
        (
            "settings",
            "survey",
            "config",
            "hints",
            "models",
            "registry",
            "outputs",
            "ledger",
            "reach",
            "start",
            "board",
            "dossier",
            "demo",
            "evaluate",
            "prove",
            "catalogue.stanza",
        ),
        late=False,
        why="typed settings and JSON; one small C extension",
    ),
    "click": Vendor(("cli", "__main__"), late=False, why="the command line is always opened"),
    "rich": Vendor(("check", "demo", "evaluate", "catalogue.fetch")),
    "cv2": Vendor(
        ("sources.opencv", "detectors.letterbox"), why="reading, and resizing as in training"
    ),
    "scipy": Vendor(
        ("tracking", "evaluate.scores", "evaluate.acceptance"),
        late=False,
        why="linear_sum_assignment: a part of the method, not a backend; Student's t",
    ),
    "onnxruntime": Vendor(("detectors.onnx",)),
    "openvino": Vendor(("detectors.openvino",)),
    "ncnn": Vendor(("detectors.ncnn",)),
    "ai_edge_litert": Vendor(("detectors.tflite",)),
    "tflite_runtime": Vendor(("detectors.tflite",), why="the runtime that libedgetpu is built for"),
    "hailo_platform": Vendor(("detectors.hailo",)),
    "ultralytics": Vendor(("detectors.ultralytics",)),
    "torch": Vendor(("detectors.ultralytics",), why="ultralytics runs on it"),
    "paho": Vendor(("outputs.mqtt", "demo"), why="the demo's table subscribes like anybody else"),
    "prometheus_client": Vendor(("outputs.prometheus",)),
    "jinja2": Vendor(("dossier.pages",), late=False, why="the templates; only `dossier` loads it"),
    "markupsafe": Vendor(("dossier.pages",), late=False, why="what Jinja takes for escaped"),
    "segno": Vendor(("dossier.qr",), late=False, why="the QR code; only `dossier` loads it"),
    "amqtt": Vendor(("demo",)),
    "trackeval": Vendor(("evaluate.scores",), why="HOTA, IDF1, MOTA; an extra"),
    "yaml": Vendor(("catalogue.export",), why="a data set for ultralytics, which brings it"),
    "matplotlib": Vendor(("evaluate.plot",), why="--plot draws the numbers of a report; an extra"),
}
# Places that are imported whole by the function that opens them, so they name these vendors at
# their top; OPENERS prove that nobody imports such a place earlier.
BACKENDS: dict[str, tuple[str, ...]] = {
    "sources.synthetic": ("cv2",),
    "detectors.density": ("cv2",),
    "detectors.letterbox": ("cv2",),  # resizes in every frame, whatever the backend
    "detectors.yolo": ("cv2",),  # NMS
    "demo": ("rich",),
    "check": ("rich",),
    "prove.command": ("rich",),
    "prove.report": ("rich",),
    "prove.forms": ("cv2",),  # decodes and compares pictures that were found; encodes none
    "prove.pictures": ("cv2",),
}
# They choose backends: importing them loads no vendor that is imported late.
OPENERS = ("engine", "assemble", "counting", "sources.open", "detectors.open", "evaluate")

# Nowhere in counter/: what stores, encodes or shows.
FORBIDDEN_MODULES = _words("""
    pickle _pickle cPickle dill cloudpickle joblib shelve marshal dbm copyreg sqlite3
    multiprocessing PIL imageio imageio_ffmpeg skimage matplotlib av h5py zarr tables torchvision
""")
# But where nothing but numbers can come in. `evaluate` stands above all that `run` is made of, so
# the appliance's process never loads it (test_evaluate_plot.py).
NUMBERS_ONLY = {"matplotlib": ("evaluate.plot",)}
FORBIDDEN_NAMES = _words("""
    imwrite imwritemulti imwriteanimation imencode imencodemulti imencodeanimation VideoWriter
    VideoWriter_fourcc imshow namedWindow FileStorage savez savez_compressed savetxt memmap
    open_memmap tofile
""")
FORBIDDEN_METHODS = frozenset({"save", "dump", "dumps"})  # of whatever object but these:
HARMLESS_METHODS = frozenset({"json.dump", "json.dumps"})

FORBIDDEN_FILES = frozenset({"utils", "common", "base", "types"})
MAX_FILE_LINES, MAX_FUNCTION_LINES, MAX_ARGUMENTS = 250, 40, 5
