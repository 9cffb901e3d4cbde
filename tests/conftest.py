"""What several tests share: where the real models and footage are, when they are."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no failure: time is measured in benchmarks.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SHARED = Path(os.environ.get("COUNTER_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of real models and footage, or say that the test was not run."""
    if not (SHARED / "models").is_dir():
        pytest.skip(f"not run: no real models and footage at {SHARED} (set COUNTER_SHARED)")
    return SHARED
