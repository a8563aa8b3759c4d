"""The command line: make, check and live."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import check, live, make_vectors

VECTORS = Path(__file__).parent.parent


def main() -> int:
    """The exit status."""
    given = _parser().parse_args()
    match given.command:
        case "make":
            return _make(given.check)
        case "check":
            return _check(given.directory)
        case _:
            address = given.listen or given.connect
            return live.run(given.role, address, given.listen is not None, given.material, given.taps)


def _make(check_only: bool) -> int:
    differing = make_vectors.write(VECTORS, check_only)
    for name in differing:
        print(f"{name} {'differs' if check_only else 'written'}")
    return 1 if differing and check_only else 0


def _check(directory: Path) -> int:
    count, failures = check.check(directory)
    for failure in failures:
        print(failure)
    print(f"{count} cases, {len(failures)} failures")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generator")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="write the vector files")
    make.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    checking = commands.add_parser("check", help="verify vector files")
    checking.add_argument("directory", type=Path, nargs="?", default=VECTORS)
    tapping = commands.add_parser("live", help="taps over TCP")
    tapping.add_argument("--role", choices=("reader", "device"), required=True)
    ends = tapping.add_mutually_exclusive_group(required=True)
    ends.add_argument("--connect", metavar="HOST:PORT")
    ends.add_argument("--listen", metavar="HOST:PORT")
    tapping.add_argument("--material", type=Path, required=True)
    tapping.add_argument("--taps", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
