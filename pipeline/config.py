"""Settings: one frozen object, read in one place from `NUTSHELL_*` variables and, below them, a TOML file.

`load()` is the only reader. A wrong value or an unknown name is an InputError that names the variable, the value and what is allowed. Attribute docstrings are
the help text of `.env.example` and README. Nothing reads the environment at import.
"""

import difflib
import hashlib
import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from pipeline.errors import InputError

PREFIX = "NUTSHELL_"
MEDIA_HOST = re.compile(r"(?:https?://)?(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*")
SOCKET_FOLDER_LIMIT = 78
"""Longest folder for sockets: the kernel takes 103 characters (macOS; 107 on Linux), and the longest name in it is 24 long (`supervisor.sock.` and a pid)."""


class Settings(BaseSettings):
    """All settings. An empty address means: embedded, started by `nutshell up`, reached through a socket in the data folder."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", use_attribute_docstrings=True, env_ignore_empty=True)

    home: Path = Field(default_factory=lambda: platformdirs.user_data_path("nutshell", appauthor=False))
    """Data folder: database, media, models, logs."""
    host: str = "127.0.0.1"
    """Address the web server binds to. Anything but loopback needs NUTSHELL_PASSWORD."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Port of the web server."""
    public_url: str = ""
    """Address people use when a proxy stands in front, for example https://nutshell.example.org; its host is then accepted."""
    password: SecretStr = SecretStr("")
    """Password for the page and the API (HTTP Basic, any user name; or `Authorization: Bearer`). Needed when host is not loopback."""

    database_url: str = ""
    """PostgreSQL with pgvector, for example postgresql://user:secret@db/nutshell; empty: embedded."""
    broker_url: str = ""
    """Valkey or Redis, for example redis://valkey:6379/0; empty: embedded."""
    media_url: str = ""
    """Where media files are kept: s3://bucket/prefix, or empty for a folder in the data folder."""

    profile: Literal["auto", "builtin", "cpu", "gpu", "server"] = "auto"
    """Which models: builtin, cpu, gpu, server, or auto (picks by what the machine has, and says why)."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where models run."""
    llm_dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Numbers in which the LLaMA computes; auto: those that are faster on this device."""
    speech_model: str = ""
    """Folder of a CTranslate2 Whisper model, or a name from `nutshell models list`; empty: the profile's."""
    speakers: bool = False
    """Tell the speakers of what is listened to apart (Speaker 1, Speaker 2); takes a tenth of the time of listening more."""
    llm_model: str = ""
    """Folder or GGUF file of a LLaMA, or a name from `nutshell models list`; empty: the profile's."""
    llm_adapter: str = ""
    """Folder of a LoRA adapter for it; none: the model as it comes; empty: the one that was promoted, else the one that comes with Nutshell."""
    llm_family: str = ""
    """Prompt form when it cannot be told from the model: llama, alpaca, vicuna, vicuna-v0, koala, wizardlm, chatml, llama2, llama3."""
    llm_steps: Literal["auto", "on", "off"] = "auto"
    """Whether the LLaMA thinks step by step before it answers a question; what it thinks is not shown, and the answer is checked as ever. auto: models of seven billion weights or more."""
    llm_url: str = ""
    """An OpenAI-compatible server to use instead of the local LLaMA, for example http://gpu:8000/v1."""
    llm_key: SecretStr = SecretStr("")
    """API key for llm_url."""
    llm_name: str = ""
    """Model name to ask llm_url for; empty: the first it lists."""
    llm_window: int = Field(default=0, ge=0)
    """Context window of llm_url's model in tokens; 0: ask the server."""
    lm_address: str = ""
    """Where the language model process listens: host:port on a cluster; empty: a socket in the data folder."""
    embed_address: str = ""
    """Where the embedding process listens: host:port on a cluster; empty: a socket in the data folder."""
    internal_token: SecretStr = SecretStr("")
    """Shared by the processes of a cluster to talk to lm_address and embed_address. Needed when those are not sockets."""

    summary_language: str = Field(default="", pattern=r"^([a-z]{2,3})?$")
    """Language of summaries where nobody asks for another, for example es; empty: that of each video."""
    translate_transcript: bool = True
    """Translate the transcript too, where a summary is translated."""

    proxy: str = ""
    """Outgoing proxy for YouTube, for example http://proxy:3128."""
    extra_ca: str = ""
    """PEM file with one more certificate authority to trust for YouTube (TLS-inspecting proxies)."""
    cookies: Literal["never", "needed", "always"] = "needed"
    """When YouTube is asked with the cookies that `nutshell cookies set` stored: never; needed: when it refuses a guest (age, members, private, bot check); always."""
    secret_key: SecretStr = SecretStr("")
    """Key with which cookies are encrypted in the database, at least 32 characters, the same for all processes of a cluster; empty: a file in the data folder."""
    videos_per_hour: float = Field(default=300.0, ge=0)
    """Videos that YouTube is asked for in an hour by all workers together; 300 is what it grants a guest. 0: no limit."""
    max_duration: float = Field(default=6 * 3600.0, gt=0)
    """Longest video in seconds."""
    max_upload: int = Field(default=2 * 1024**3, gt=0)
    """Largest upload or download in bytes."""
    max_height: int = Field(default=1080, ge=144)
    """Most lines of a video that is downloaded (1080: Full HD)."""
    downloads_at_once: int = Field(default=2, ge=0)
    """Downloads of audio and video from YouTube at a time, by all workers together. 0: no limit."""
    captions_pause: float = Field(default=5.0, ge=0)
    """Seconds to wait, more or less, before a file of captions is fetched, where nobody waits for it or many videos have been asked for. 0: never."""
    media_quota: int = Field(default=20 * 1024**3, ge=0)
    """Bytes of media that are kept. What can be fetched again goes first, the longest unused before all; uploads and texts never. 0: no limit."""
    fetch_timeout: float = Field(default=900.0, gt=0)
    """Seconds after which a download is given up."""
    keep_media: bool = False
    """Keep the audio after it has been transcribed (downloads that a person asked for are kept anyway)."""
    threads: int = Field(default=0, ge=0)
    """CPU threads per model; 0: all cores."""
    media_hosts: str = ""
    """Hosts that podcast feeds and recordings may be fetched from besides YouTube, separated by commas: feeds.example.org, or *.example.org for all below it, or
    http://old.example.org where there is no https. Redirects of a feed's recordings need their hosts too. Empty: none."""
    ui_language: Literal["", "en", "es", "de", "ar"] = ""
    """Language of the page's own words: en, es, de or ar; empty: what the browser asks for. Who chose another one at the foot of the page has that."""
    feedback: bool = False
    """Keep what you think of sentences (thumbs, your own words in their place), so that `nutshell train --from-feedback` can learn from it. Nothing of it leaves the machine."""
    watch: str = ""
    """Folder whose new recordings, transcripts and lists of videos are taken up by themselves; empty: none."""
    examples: str = ""
    """Videos that an empty library offers, one a line: the link, a space, what to call it. Empty: three talks on YouTube."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged."""

    @field_validator("home", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("secret_key", mode="after")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 32:
            raise ValueError("It must have at least 32 characters, for example the output of openssl rand -hex 32")
        return value

    @field_validator("media_hosts", mode="after")
    @classmethod
    def _are_hosts(cls, value: str) -> str:
        for name in filter(None, (part.strip() for part in value.split(","))):
            if not MEDIA_HOST.fullmatch(name.lower()):
                raise ValueError(f"{name!r} is no host name such as feeds.example.org, *.example.org or http://feeds.example.org")
        return value

    @classmethod
    def settings_customise_sources(  # the signature is pydantic's
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        config = os.environ.get(PREFIX + "CONFIG", "")
        sources = (init_settings, env_settings)
        return (*sources, TomlConfigSettingsSource(settings_cls, Path(config))) if config else sources

    @cached_property
    def run_dir(self) -> Path:
        """Sockets and pid files, readable by this user only."""
        return self.home / "run"

    @cached_property
    def socket_dir(self) -> Path:
        """Where all unix sockets of this data folder are: `run` in it, or a short folder in /tmp named after it when that path is too long for a socket.

        /tmp and not the session's temporary folder: every program, from whatever session it was started, must arrive at the same folder.
        `workers.servers.prepare_folders` makes it and refuses one that belongs to somebody else.
        """
        if len(os.fsencode(self.run_dir)) <= SOCKET_FOLDER_LIMIT:
            return self.run_dir
        return Path("/tmp") / f"nutshell-{os.getuid()}-{hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]}"

    @property
    def postgres_socket_dir(self) -> Path:
        """A folder of its own, because under root the database runs as another user, who must be able to write here."""
        return self.socket_dir / "pg"

    @property
    def valkey_socket(self) -> Path:
        return self.socket_dir / "valkey.sock"

    @property
    def lm_socket(self) -> Path:
        return self.socket_dir / "lm.sock"

    @property
    def embed_socket(self) -> Path:
        return self.socket_dir / "embed.sock"

    @property
    def embedded_database_url(self) -> str:
        """Address of the database that `nutshell up` starts, for SQLAlchemy with psycopg."""
        return f"postgresql+psycopg://postgres@/postgres?host={quote(str(self.postgres_socket_dir))}"

    @property
    def embedded_broker_url(self) -> str:
        """Address of the Valkey that `nutshell up` starts, as kombu spells it; redis-py takes `unix://` and the same path."""
        return f"redis+socket://{quote(str(self.valkey_socket))}"

    @property
    def postgres_dir(self) -> Path:
        return self.home / "postgres"

    @property
    def models_dir(self) -> Path:
        return self.home / "models"

    @property
    def media_dir(self) -> Path:
        return self.home / "media"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"

    @property
    def secret_file(self) -> Path:
        """The key where NUTSHELL_SECRET_KEY is not set."""
        return self.home / "secret.key"

    @property
    def uploads_dir(self) -> Path:
        return self.home / "uploads"


def load(environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """The settings of this process.

    Raises:
        InputError: `bad_setting`, naming the variable, its value and what is allowed.
    """
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        field = Settings.model_fields.get(str(first["loc"][0]))
        value = "set" if field is not None and field.annotation is SecretStr else repr(first["input"])  # a secret is not repeated
        raise InputError("bad_setting", f"{name} is {value}: {first['msg']}.") from error


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """pydantic-settings ignores unknown variables even with extra="forbid", so a typing error would pass unseen."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {PREFIX + "CONFIG"}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InputError("bad_setting", f"{name} is not a setting of Nutshell.{hint}")
