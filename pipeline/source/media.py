"""Which containers and codecs are opened at all, and how: FFmpeg's 378 demuxers and 567 decoders are the largest attack surface there is.

Media are opened as file objects (so no protocol of FFmpeg's is in play), with allow-lists, audio streams only, and only inside a child process (sandbox.py).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import cause

if TYPE_CHECKING:
    from av.container import InputContainer

CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,mp3,flac,wav,aac,aiff"
"""FFmpeg's names of demuxers. Not among them: concat, hls, dash, image and subtitle formats, which open further files or decode pictures."""
READS = "mp4, mov, m4a, mkv, webm, ogg, opus, mp3, flac, wav, aac and aiff"
CODECS = (
    "aac,aac_latm,mp3float,mp3,mp2float,mp2,opus,libopus,vorbis,flac,alac,ac3,eac3,"
    "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_u8,pcm_s8,pcm_alaw,pcm_mulaw,"
    "adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,amrnb,amrwb"
)
"""Audio decoders. No video decoder is ever opened, not even to learn a picture's size."""
OPTIONS = {"format_whitelist": CONTAINERS, "codec_whitelist": CODECS}
MEMORY = 1024**3
"""Bytes of addresses for a child that opens media."""


def open_media(path: Path) -> "InputContainer":
    """An open container, for use inside a child process only; close it.

    Raises:
        InputError: `bad_media`.
    """
    import av

    if path.stat().st_size == 0:
        raise cause("bad_media", "It is empty.")
    try:
        return av.open(path.open("rb"), "r", options=OPTIONS, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise cause("bad_media", f"Nutshell reads {READS}.") from error
