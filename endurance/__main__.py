"""All programs of this folder, one after the other: `make endurance`."""

import subprocess
import sys
from pathlib import Path

HELPERS = {"__init__", "__main__", "commands"}


def main() -> int:
    """Run what prints a figure; 1 if one is missed."""
    programs = sorted(path.stem for path in Path(__file__).parent.glob("*.py"))
    ended = [
        subprocess.run([sys.executable, "-m", f"endurance.{name}"]).returncode
        for name in programs
        if name not in HELPERS and "__main__" in (Path(__file__).parent / f"{name}.py").read_text()
    ]
    return int(any(ended))


if __name__ == "__main__":
    sys.exit(main())
