"""The Whisper models that `nutshell models pull` fetches, as CTranslate2 reads them: from where faster-whisper takes them too."""

from pipeline.config import Settings
from pipeline.hub.lookup import Offer
from pipeline.speech import models

PUBLISHED: dict[str, tuple[str, str, float]] = {
    "base": ("Systran/faster-whisper-base", "MIT", 0.15),
    "small": ("Systran/faster-whisper-small", "MIT", 0.49),
    "large-v3-turbo": ("mobiuslabsgmbh/faster-whisper-large-v3-turbo", "MIT", 1.62),
}
"""Repository on the Hugging Face hub, licence and size in GB by name, smallest first."""
FILES = ("model.bin", "config.json", "tokenizer.json", "vocabulary.json", "vocabulary.txt", "preprocessor_config.json")
"""model.bin is CTranslate2's own format: numbers only, no pickle."""


def offers(settings: Settings) -> tuple[Offer, ...]:
    """Smallest first. They are called whisper-… here, as their folders are."""
    found = []
    for name, (repository, licence, gigabytes) in PUBLISHED.items():
        folder = models.folder_of(settings, name)
        needed = (*models.NEEDED, "vocabulary.*")
        found.append(Offer(folder.name, repository, licence, gigabytes, FILES, needed, folder, models.complete(folder)))
    return tuple(found)


def best_of(profile: str) -> tuple[str, str]:
    """Name of the model that `profile` wants most (all of them fit), and why this one."""
    wanted = models.WANTED[profile]
    return f"whisper-{wanted[0]}", f"profile {profile} ({' > '.join(wanted)})"
