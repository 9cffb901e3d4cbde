"""`python -m tests.schemas` writes docs/schema/ again from the payload types."""

import json
from pathlib import Path

from counter.outputs.schema import schemas

FOLDER = Path(__file__).parents[1] / "docs" / "schema"


def texts() -> dict[Path, str]:
    """What each file shall hold."""
    return {
        FOLDER / f"{name}.schema.json": json.dumps(schema, indent=2) + "\n"
        for name, schema in schemas().items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in texts().items():
        path.write_text(text)
        print(path)
