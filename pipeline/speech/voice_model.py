"""The model of voices: Resemblyzer's weights (Apache-2.0), taken from its package once and written as a safetensors file, so that listening needs neither torch nor pickles."""

import importlib.util
from pathlib import Path

import numpy as np

from pipeline.config import Settings
from pipeline.errors import ModelError
from pipeline.hub import marker
from pipeline.installed import Say, install, sha256

PACKAGE, FILE = "resemblyzer", "pretrained.pt"
SHA256 = "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e"
NAME, WEIGHTS = "voices", "model.safetensors"
LAYERS, SIZE, BANDS = 3, 256, 40

_MISSING = "The model of voices does not lie in {}. Run `make run` once."


class VoiceModel:
    """Three LSTMs and a projection in numpy (Hochreiter and Schmidhuber 1997; gates in torch's order: input, forget, cell, output). Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        """Raises: ModelError: `model_missing`, naming what to do."""
        from safetensors.numpy import load_file

        folder = settings.models_dir / NAME
        if not complete(folder):
            raise ModelError("model_missing", _MISSING.format(settings.models_dir))
        self._weights = load_file(folder / WEIGHTS)

    def vectors(self, pictures: np.ndarray) -> np.ndarray:
        """(n, 256) unit vectors, of (n, frames, BANDS) mel powers, float32."""
        rows = pictures
        for layer in range(LAYERS):
            rows = self._lstm(rows, layer)
        raw = np.maximum(rows[:, -1] @ self._weights["linear.weight"].T + self._weights["linear.bias"], 0.0)
        return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-6), dtype=np.float32)

    def _lstm(self, rows: np.ndarray, layer: int) -> np.ndarray:
        taken, kept = (self._weights[f"lstm.weight_{kind}_l{layer}"].T for kind in ("ih", "hh"))
        bias = self._weights[f"lstm.bias_ih_l{layer}"] + self._weights[f"lstm.bias_hh_l{layer}"]
        entering = rows @ taken + bias
        hidden = np.zeros((len(rows), SIZE), dtype=np.float32)
        cell, out = np.zeros_like(hidden), np.empty((*rows.shape[:2], SIZE), dtype=np.float32)
        for at in range(rows.shape[1]):
            gates = entering[:, at] + hidden @ kept
            enter, forget, leave = (_sigmoid(gates[:, part * SIZE : (part + 1) * SIZE]) for part in (0, 1, 3))
            cell = forget * cell + enter * np.tanh(gates[:, 2 * SIZE : 3 * SIZE])
            hidden = leave * np.tanh(cell)
            out[:, at] = hidden
        return out


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), dtype=np.float32)  # no overflow for large negative values


def prepare(settings: Settings, progress: Say | None = None) -> None:
    """Make sure that the model lies in the models folder. Imports torch when it does not.

    Raises:
        ModelError: `model_missing` when the package is not installed, `model_broken` when it is not what was checked, `storage`.
    """
    target = settings.models_dir / NAME
    if complete(target):
        return
    if progress:
        progress("Preparing the model of voices (Resemblyzer, 6 MB)")
    install(target, _build, complete=complete, megabytes=10)


def missing(settings: Settings) -> list[str]:
    """In words; empty when it is there, or when nobody wishes to tell speakers apart."""
    return [] if not settings.speakers or complete(settings.models_dir / NAME) else [_MISSING.format(settings.models_dir)]


def complete(folder: Path) -> bool:
    told = marker.read(folder)
    return told is not None and told.get("source") == SHA256


def _build(scratch: Path) -> None:
    import torch
    from safetensors.numpy import save_file

    source = _packaged()
    if sha256(source) != SHA256:
        raise ModelError("model_broken", "The package of the model of voices is not the one that was checked. Run `make clean` and `make run` again.")
    state = torch.load(source, map_location="cpu", weights_only=True)["model_state"]
    tensors = {name: value.float().numpy() for name, value in state.items() if name.startswith(("lstm.", "linear."))}
    save_file(tensors, scratch / WEIGHTS)
    marker.write(scratch, {"source": SHA256, "name": NAME}, {WEIGHTS: sha256(scratch / WEIGHTS)})


def _packaged() -> Path:
    """Found without importing the package, whose code does not run with today's setuptools."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError("model_missing", "The package resemblyzer with the model of voices is not installed. Run `make run` again.")
    return Path(spec.origin).parent / FILE

