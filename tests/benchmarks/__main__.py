"""python -m tests.benchmarks [speech|language|summary|product|import|cancel|search ...]: all of them when none is named."""

import importlib
import sys

NAMES = ("speech", "language", "summary", "product", "import", "cancel", "search")


def run(names: list[str]) -> None:
    for name in names or list(NAMES):
        if name not in NAMES:
            raise SystemExit(f"there is no benchmark {name!r}; there are {', '.join(NAMES)}")
        sys.stdout.write(f"\n== {name}\n")
        sys.stdout.flush()
        importlib.import_module(f"tests.benchmarks.bench_{name}").main()


if __name__ == "__main__":
    run(sys.argv[1:])
