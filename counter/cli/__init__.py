"""The command line. It imports nothing heavy: each command imports what it needs when it runs.

Rule 1: no runtime may phone home; the switches are set here, before anything can be imported.
Rule 2: a mistake of the user ends in two lines and exit code 2 (see `voice`).
Rule 3: a file holds the commands for one kind of reader.
"""

import os

# onnxruntime's official wheel reports usage unless this is set before its import; ultralytics
# writes a settings file, looks for the network and installs packages unless told not to.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["YOLO_OFFLINE"] = "1"
os.environ["YOLO_AUTOINSTALL"] = "False"

from counter.cli.entry import cli, main

__all__ = ["cli", "main"]
