"""All programs of this folder, one after the other: `make endurance`, or in minutes `python -m endurance --short`.

Each prints its figures under its name; at the end a line says how each ended, and how long it took. The exit code is 1
where a figure is missed.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

HELPERS = {"__init__", "__main__", "calls", "commands"}
SHORT = {"kills": ["--n", "6"], "malformed": ["--n", "100"], "memory": ["--short"], "uploads": ["--n", "100"]}
"""What asks less of programs that take long."""


def main() -> int:
    """Run what prints a figure; 1 if one is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="ask less of those that take long")
    given = parser.parse_args()
    ended = []
    for name in programs():
        print(f"\n{name}: {about(name)}", flush=True)
        less, began = SHORT.get(name, []) if given.short else [], time.monotonic()
        code = subprocess.run([sys.executable, "-m", f"endurance.{name}", *less]).returncode
        ended.append((name, code, time.monotonic() - began))
    print("\nIn all")
    for name, status, seconds in ended:
        print(f"  {name:<10} {'as it must be' if not status else 'MISSED'}, {seconds / 60:.1f} min")
    return int(any(status for _, status, _ in ended))


def programs() -> list[str]:
    """The names of the programs that print a figure."""
    named = {path.stem: path.read_text() for path in Path(__file__).parent.glob("*.py") if path.stem not in HELPERS}
    return sorted(name for name, text in named.items() if 'if __name__ == "__main__"' in text)


def about(name: str) -> str:
    """What a program asks: the first line of its docstring."""
    return (Path(__file__).parent / f"{name}.py").read_text().splitlines()[0].strip('"')


if __name__ == "__main__":
    sys.exit(main())
