"""What a page shows of a translation: the words under each line of the transcript, the title, and what translated them."""

from dataclasses import dataclass

from pipeline.language.engines import is_rough
from pipeline.library import foreign
from pipeline.store import translations
from pipeline.store.database import Session


@dataclass(frozen=True, slots=True)
class Foreign:
    """A video in a language that it was not said in, as far as it is translated."""

    language: str
    texts: tuple[str, ...] = ()
    """Of the sentences, from the first on; empty: it stays in the original, since its translation did not hold."""
    title: str = ""
    engine: str = ""
    """What translated the summary, else the transcript."""
    complete: bool = True

    @property
    def rough(self) -> bool:
        return is_rough(self.engine)

    def of(self, number: int) -> str | None:
        """Under the line of that number: its translation, the empty string where it did not hold, None where it is still to come."""
        return self.texts[number] if number < len(self.texts) else None


def load(s: Session, video_id: str, language: str | None, *, said: bool) -> Foreign | None:
    """None where nothing is translated. Without `said` the sentences are left out."""
    if language is None:
        return None
    known = {key.kind: key for key, _ in translations.list_translations(s, video_id) if key.language == language}
    if not known:
        return None
    title = translations.get_translation(s, video_id, "title", language)
    spoken = foreign.sentence_by_sentence(s, video_id, language) if said else None
    engine = next((known[kind].model for kind in ("summary", "transcript", "title") if kind in known), "")
    return Foreign(
        language, spoken.texts if spoken else (), title.texts[0] if title and title.texts else "", engine, spoken is None or spoken.complete
    )
