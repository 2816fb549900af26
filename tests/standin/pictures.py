"""Thumbnails: a landscape drawn from the id of the video, so that a page of the demo looks like a page of videos."""

import hashlib
import io
from functools import lru_cache

import av
import numpy as np

SIZES = {
    "default": (120, 90),
    "mqdefault": (320, 180),
    "hqdefault": (480, 360),
    "sddefault": (640, 480),
    "hq720": (1280, 720),
    "maxresdefault": (1280, 720),
}


@lru_cache(maxsize=256)
def picture(video_id: str, size: str) -> bytes:
    """A JPEG of the size that YouTube gives under that name. 4:3 sizes have black bars above and below, as on YouTube."""
    width, height = SIZES.get(size, SIZES["hqdefault"])
    inner = min(height, width * 9 // 16 + 6)  # a little taller, so that a 16:9 cut shows no edge of the bars
    image = np.zeros((height, width, 3), dtype=np.uint8)
    top = (height - inner) // 2
    image[top : top + inner] = landscape(video_id, width, inner)
    return jpeg(image)


def landscape(video_id: str, width: int, height: int) -> np.ndarray:
    """Sky, a sun and four ranges of hills in two neighbouring hues."""
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(video_id.encode()).digest()[:8]))
    hue = rng.uniform(0, 1)
    y, x = np.mgrid[0:height, 0:width] / height
    image = blend(colour(hue, 0.45, 0.62), colour(hue + 0.12, 0.30, 0.95), y)
    sun_x, sun_y, radius = rng.uniform(0.3, 1.4), rng.uniform(0.2, 0.45), rng.uniform(0.07, 0.13)
    edge = np.clip((radius - np.hypot(x - sun_x, y - sun_y)) * height / 2 + 0.5, 0, 1)
    image = blend(image, colour(hue + 0.12, 0.12, 1.0), edge)
    for layer in range(4):
        waves = sum(rng.uniform(0.01, 0.07) * np.sin(x * rng.uniform(1, 5) * n + rng.uniform(0, 6)) / n for n in (1, 2, 4))
        edge = np.clip((y - (0.5 + 0.13 * layer) + waves) * height / 2, 0, 1)
        image = blend(image, colour(hue - 0.03 * layer, 0.5, 0.62 - 0.13 * layer), edge)
    return image.astype(np.uint8)


def blend(below: np.ndarray, above: np.ndarray, amount: np.ndarray) -> np.ndarray:
    return below * (1 - amount[..., None]) + above * amount[..., None]


def colour(hue: float, saturation: float, value: float) -> np.ndarray:
    """HSV to RGB, 0..255."""
    k = (np.array([5, 3, 1]) + hue % 1 * 6) % 6
    return np.asarray(255 * (value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1)))


def jpeg(image: np.ndarray) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuvj420p"
        for packet in (*stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")), *stream.encode()):
            container.mux(packet)
    return target.getvalue()
