"""Every setting stands in .env.example with its own help text. `python -m tests.unit.test_settings_documented` (or `make env`) writes the file anew."""

import textwrap
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.config import PREFIX, Settings, load
from pipeline.errors import InputError

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / ".env.example"
HEAD = """\
# Settings of Nutshell: environment variables, or the same names in lower case without the prefix in a TOML file that NUTSHELL_CONFIG names.
# Shown are the defaults; every line may be left out. With docker compose: copy this file to .env and set what docker-compose.yml asks for.
"""
COMPOSE_ONLY = {
    "POSTGRES_PASSWORD": "Password of the database. Letters and digits only: it becomes part of an address.",
    "VALKEY_PASSWORD": "Password of the queue. Letters and digits only.",
    "S3_ACCESS_KEY": "Name of the key to the object store.",
    "S3_SECRET_KEY": "Secret of the key to the object store, at least 8 characters.",
    "TORCH_INDEX": "Where the worker image takes torch from when it is built, for example an index of CPU-only wheels; empty: PyPI, with 3 GB of CUDA.",
}
"""Variables of docker-compose.yml that are no settings of Nutshell itself."""


def default_of(name: str) -> str:
    value = Settings.model_fields[name].default
    if name == "home" or value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value).lower() if isinstance(value, bool) else str(value)


def render() -> str:
    entries = [(PREFIX + name.upper(), field.description or "", default_of(name)) for name, field in Settings.model_fields.items()]
    head = HEAD + "".join(_entry(*entry) for entry in entries)
    return head + "\n# Asked for by docker-compose.yml only:\n" + "".join(_entry(name, text, "") for name, text in COMPOSE_ONLY.items())


def _entry(name: str, text: str, default: str) -> str:
    return "\n" + textwrap.fill(" ".join(text.split()), 120, initial_indent="# ", subsequent_indent="# ") + f"\n#{name}={default}\n"


def test_example_is_what_the_settings_say() -> None:
    assert EXAMPLE.read_text() == render(), "run `make env`"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_has_a_help_text(name: str) -> None:
    assert len((Settings.model_fields[name].description or "").split()) >= 3


def test_a_misspelt_variable_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"NUTSHELL_PROT is not a setting of Nutshell\. Did you mean NUTSHELL_PORT"):
        load({"NUTSHELL_PROT": "1"})


def test_a_wrong_value_is_named_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUTSHELL_DEVICE", "tpu")

    with pytest.raises(InputError, match=r"NUTSHELL_DEVICE is 'tpu': .*'auto', 'cpu' or 'cuda'"):
        load()


if __name__ == "__main__":
    EXAMPLE.write_text(render())
