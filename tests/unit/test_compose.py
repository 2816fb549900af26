"""docker-compose.yml and Dockerfile against the code: they cannot be run where the tests run, so everything in them that names something of ours is looked up."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config import PREFIX, Settings
from pipeline.jobs import Queue
from tests.unit.test_settings_documented import COMPOSE_ONLY
from workers.processes import PROGRAMS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("nutshell-")]
PROCESSES = {program.name for program in PROGRAMS}
ONCE = {"migrate": "workers.migrate", "models": "workers.prepare"}
"""Services that do one thing and end."""
KEYS = frozenset(
    "image build restart init read_only tmpfs cap_drop security_opt environment stop_grace_period depends_on command ports volumes healthcheck profiles deploy shm_size networks".split()
)
NOT_IN_COMPOSE = {"home", "extra_ca"}
"""The data folder is the volume's; a certificate file would have to be mounted."""


def service_of(program: str) -> dict[str, Any]:
    return SERVICES[program]


def command_of(program: str) -> list[str]:
    found = next(entry for entry in PROGRAMS if entry.name == program).command(Settings(home=Path("/data"), host="0.0.0.0"))
    return found[2:] if found[1:2] == ["-m"] else found


def test_every_process_is_a_service_and_nothing_else_of_ours_is() -> None:
    assert set(SERVICES) - {"objects"} == PROCESSES | set(ONCE) | {"worker-speech-gpu", "lm-gpu"}


@pytest.mark.parametrize("program", ["web", "beat", *(f"worker-{queue}" for queue in Queue)])
def test_services_start_what_up_starts(program: str) -> None:
    assert service_of(program)["command"] == command_of(program)


@pytest.mark.parametrize("program", ["lm", "embed", "reaper", "watch"])
def test_module_services_start_what_up_starts(program: str) -> None:
    assert service_of(program)["command"] == ["python", "-m", *command_of(program)]


@pytest.mark.parametrize("service", OURS)
def test_modules_that_commands_name_exist(service: str) -> None:
    words = [*SERVICES[service]["command"], *SERVICES[service].get("healthcheck", {}).get("test", [])]
    modules = {word.split(":")[0] for word in words if re.fullmatch(r"(web|workers)(\.\w+)+(:\S*)?", word)}

    assert modules
    assert [name for name in modules if not (ROOT / (name.replace(".", "/") + ".py")).is_file()] == []


@pytest.mark.parametrize("service", SERVICES)
def test_only_known_keys_are_used(service: str) -> None:
    assert set(SERVICES[service]) <= KEYS


def test_every_variable_is_a_setting_or_explained() -> None:
    asked = set(re.findall(r"\$\{(\w+)", TEXT))
    given = {name for service in OURS for name in SERVICES[service]["environment"] if name.startswith(PREFIX)}
    settings = {PREFIX + name.upper() for name in Settings.model_fields}

    assert asked | given <= settings | set(COMPOSE_ONLY)
    assert settings - {PREFIX + name.upper() for name in NOT_IN_COMPOSE} <= asked | given


def test_values_are_ones_that_settings_take(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICES["lm-gpu"]["environment"].items():
        if name.startswith(PREFIX):
            monkeypatch.setenv(name, re.sub(r"\$\{\w+:-(.*?)\}", r"\1", re.sub(r"\$\{\w+:\?.*?\}", "x", str(value))))

    assert Settings().device == "cuda"


def test_no_secret_stands_in_the_files() -> None:
    secret = re.compile(r"password|secret|token|key$", re.IGNORECASE)
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if secret.search(variable):
                assert re.fullmatch(r"\$\{\w+:(\?.+|-)\}", str(value)), f"{name}: {variable}"
    assert not re.search(r"(password|secret|token)\s*=\s*\S", (ROOT / "Dockerfile").read_text(), re.IGNORECASE)


@pytest.mark.parametrize("service", SERVICES)
def test_dependencies_volumes_and_checks_exist(service: str) -> None:
    entry = SERVICES[service]
    for other, how in entry.get("depends_on", {}).items():
        assert other in SERVICES
        assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]
        assert how["condition"] != "service_completed_successfully" or other in ONCE
    for volume in entry.get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]


@pytest.mark.parametrize("service", ["web", "lm", "embed", "postgres", "valkey", "objects"])
def test_servers_have_health_checks(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"]


def test_gpu_profile_has_speech_and_language_model_on_a_card() -> None:
    on_gpu = {name for name, service in SERVICES.items() if service.get("profiles") == ["gpu"]}

    assert on_gpu == {"worker-speech-gpu", "lm-gpu"}
    assert all(SERVICES[name]["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"] for name in on_gpu)
    assert "lm" in SERVICES["lm-gpu"]["networks"]["default"]["aliases"]


def test_index_building_has_shared_memory() -> None:
    assert SERVICES["postgres"]["shm_size"] == "1g"


def test_only_the_page_is_published_and_only_with_a_password() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert SERVICES["web"]["environment"]["NUTSHELL_PASSWORD"].startswith("${NUTSHELL_PASSWORD:?")


def test_dockerfile_builds_web_without_torch_and_copies_what_exists() -> None:
    stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    named = {stage.split("\n", 1)[0].split(" AS ")[1]: stage for stage in stages}
    sources = {source for stage in named.values() for line in re.findall(r"^COPY (.*)$", stage, re.MULTILINE) for source in shlex.split(line)[:-1] if not source.startswith("--")}

    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} <= set(named)
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert "torch" not in named["web"]
    assert not re.search(r"^(torch|transformers|faster-whisper|ctranslate2|onnxruntime|yt-dlp)==", (ROOT / "requirements-web.lock").read_text(), re.MULTILINE)


def test_web_image_has_the_versions_of_the_lock() -> None:
    pin = re.compile(r"^([\w.-]+==\S+)", re.MULTILINE)
    everything = set(pin.findall((ROOT / "requirements.lock").read_text()))

    assert [found for found in pin.findall((ROOT / "requirements-web.lock").read_text()) if found not in everything] == []
