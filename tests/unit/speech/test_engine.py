"""Where the model runs, and the reason that is shown for it."""

from collections.abc import Callable

import ctranslate2
import pytest

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.speech import engine

Machine = Callable[..., None]


@pytest.fixture(name="machine")
def _machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Pretends a number of GPUs and cores, and whether the libraries of CUDA are there."""

    def pretend(*, gpus: int, cores: int = 2, libraries: bool = True) -> None:
        def load(name: str, **_: object) -> None:
            if not libraries:
                raise OSError(name)

        monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: gpus)
        monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda device: {"float32", "int8", "float16"})
        monkeypatch.setattr(engine.machine, "cores", lambda: cores)
        monkeypatch.setattr(engine.ctypes, "CDLL", load)

    return pretend


def test_a_gpu_is_used_in_half_precision(machine: Machine) -> None:
    machine(gpus=1)

    device = engine.choose_device(Settings())

    assert (device.name, device.compute_type, device.reason) == ("cuda", "float16", "cuda, float16: there is a GPU")


@pytest.mark.parametrize(("cores", "workers", "threads"), [(1, 1, 1), (2, 2, 1), (8, 2, 4)])
def test_without_one_the_cores_are_shared_by_two(machine: Machine, cores: int, workers: int, threads: int) -> None:
    machine(gpus=0, cores=cores)

    device = engine.choose_device(Settings())

    assert (device.name, device.compute_type, device.workers, device.threads) == ("cpu", "int8", workers, threads)
    assert device.reason.endswith("there is no CUDA device")


def test_the_setting_beats_what_is_there(machine: Machine) -> None:
    machine(gpus=1, cores=8)

    device = engine.choose_device(Settings(device="cpu", threads=3))

    assert (device.name, device.workers * device.threads) == ("cpu", 2)
    assert device.reason.endswith("NUTSHELL_DEVICE is cpu")


def test_a_gpu_without_its_libraries_is_not_used_and_says_so(machine: Machine) -> None:
    machine(gpus=1, libraries=False)

    assert "libcublas.so.12 is not installed" in engine.choose_device(Settings()).reason


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_gpu_that_was_asked_for_and_cannot_be_had(machine: Machine, gpus: int) -> None:
    machine(gpus=gpus, libraries=False)

    with pytest.raises(ModelError) as caught:
        engine.choose_device(Settings(device="cuda"))

    assert caught.value.code == "no_gpu"
