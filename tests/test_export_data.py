"""`counter models export --data`: which descriptions of pictures go on to ultralytics."""

from pathlib import Path

import pytest

from counter.catalogue.export import export
from counter.catalogue.targets import TARGETS
from tests.test_export import INT8, fake, order, refused

__all__ = ["fake"]  # a fixture


@pytest.mark.parametrize("to", INT8)
def test_pictures_for_int8(fake, to):
    refused(fake, order(to, data=None), "--data", "300 pictures")
    refused(fake, order(to, data=Path("no.yaml")), "no.yaml cannot be read")


@pytest.mark.parametrize(
    "written",
    [
        "path: .\ndownload: |\n  import os\n",
        '{path: ., download: "import os"}',
        'path: .\n"down\\x6Coad": import os\n',
        "? download\n: import os\n",
        "!!str download: import os\n",
        "a: &a {download: import os}\n<<: *a\n",
    ],
)
def test_a_data_set_that_would_run_something(fake, written):
    Path("pictures.yaml").write_text(written)
    refused(fake, order("hailo"), "has a key 'download'")


def test_a_word_download_that_runs_nothing(fake):
    Path("pictures.yaml").write_text("path: ./download\nnote: |\n  download: x\n# download: x\n")
    export(order("hailo"))
    assert len(fake.calls) == 1


@pytest.mark.parametrize("written", ["", "path", "- download: x", "1", "null"])
def test_a_data_set_that_is_none(fake, written):
    Path("pictures.yaml").write_text(written)
    refused(fake, order("hailo"), "pictures.yaml does not describe pictures")


@pytest.mark.parametrize("written", ["{path: .", "a: \x00", "!!python/name:os.system {}", "&a [*b"])
def test_a_data_set_that_is_no_yaml(fake, written):
    Path("pictures.yaml").write_text(written)
    refused(fake, order("hailo"), "pictures.yaml cannot be read")


def test_a_data_set_of_another_kind(fake):
    Path("pictures.ndjson").write_text('{"path": "."}')
    refused(fake, order("hailo", data=Path("pictures.ndjson")), "does not describe")


@pytest.mark.parametrize("to", sorted(set(TARGETS) - set(INT8)))
def test_pictures_for_what_measures_nothing(fake, to):
    given = order(to, data=Path("pictures.yaml"))
    refused(fake, given, f"--data: {to} measures nothing", ", ".join(INT8))
