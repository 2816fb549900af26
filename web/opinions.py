"""What the reader thinks of a sentence: kept with what the model was shown, and shown in the place of what the model wrote.

A sentence keeps its receipts whatever the reader makes of it, and says whose words it shows. Unless NUTSHELL_FEEDBACK is on, nothing is taken and everything
stands as it was made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import InputError, NotFound
from pipeline.store import feedback
from pipeline.store.feedback import Feedback, Made, Opinion, Place, digest
from pipeline.summary.words import overlap, squeeze, words
from pipeline.types import Answer, Point
from web.services import Services

LONGEST = 600
"""Characters of a reader's own words."""
NONE = "none"
"""What forms and programs send for a sentence that shall stand as it was made."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A sentence as a page shows it."""

    name: str
    """By which a form says which sentence it means."""
    text: str
    quoted: bool
    """In the speaker's own words."""
    opinion: str
    """up, down, edit, quote, or empty."""

    @property
    def replaced(self) -> bool:
        """Another text than the one that was made."""
        return self.opinion in (Opinion.EDIT, Opinion.QUOTE)


class Opinions:
    """Those on one video, for its templates."""

    def __init__(self, on: bool, given: Sequence[Feedback] = ()) -> None:
        self.on = on
        self._given = {digest(one.text): one for one in given}

    def of(self, made: Point | Answer) -> Shown:
        name = digest(made.text)
        given = self._given.get(name)
        if given is None or not given.instead:
            return Shown(name, made.text, made.kind == "quote", given.opinion if given else "")
        return Shown(name, given.instead, given.opinion is Opinion.QUOTE, given.opinion)


def load(services: Services, video_id: str) -> Opinions:
    """What stands, where opinions are wished for; else none."""
    if not services.settings.feedback:
        return Opinions(on=False)
    with services.db.session() as s:
        return Opinions(True, feedback.of_video(s, video_id))


def give(services: Services, video_id: str, name: str, opinion: Opinion | None, own_words: str = "") -> Feedback | None:
    """Keep what the reader thinks of the sentence of that name, in place of what was thought before; None: it stands as it was made.

    Raises:
        InputError: `feedback_off`; `bad_words`: an edit without words, or too long; `own_words`: the speaker's words were asked for, and stand there.
        NotFound: there is no such video; `no_sentence`: it has no such sentence.
    """
    if not services.settings.feedback:
        raise InputError("feedback_off", "Opinions are not kept here. Set NUTSHELL_FEEDBACK=true to keep them, on this machine only.")
    services.require_video(video_id)
    with services.db.session() as s:
        made = feedback.find(s, video_id, name)
        if made is None:
            raise NotFound("no_sentence", "This sentence does not stand there any more. Load the page again.")
        instead = _instead(made, opinion, own_words)
        if opinion is None or instead == made.text:
            feedback.forget(s, video_id, name)
            return None
        shown, cited = feedback.around(s, video_id, made.citations)
        given = Feedback(
            video_id, made.place, opinion, made.text, made.kind, instead, _question(made), shown, cited, made.model, made.prompt_version, made.language,
        )  # fmt: skip
        feedback.save(s, given)
    return given


def _instead(made: Made, opinion: Opinion | None, own_words: str) -> str:
    if opinion is Opinion.EDIT:
        text = squeeze(own_words)
        if not 0 < len(text) <= LONGEST:
            raise InputError("bad_words", f"Write the sentence in your own words, in at most {LONGEST} characters.")
        return text
    if opinion is Opinion.QUOTE:
        if made.kind == "quote" or not made.citations:
            raise InputError("own_words", "These are the speaker’s own words already.")
        return _nearest(made)
    return ""


def _nearest(made: Made) -> str:
    """The speaker's sentence that has most of the words."""
    quotes = [cited.quote for cited in made.citations]
    best = max(quotes, key=lambda quote: overlap(words(quote), words(made.text)))
    return best[:1].upper() + best[1:]


def _question(made: Made) -> str:
    """What the sentence answers."""
    if made.place is Place.ANSWER:
        return made.about
    return f"What is said about “{made.about.rstrip('. ')}”?" if made.about else "What is this about?"


def opinion_named(name: str) -> Opinion | None:
    """Raises: InputError: `bad_opinion`."""
    if name == NONE:
        return None
    try:
        return Opinion(name)
    except ValueError as error:
        raise InputError("bad_opinion", f"An opinion is one of {', '.join([*Opinion, NONE])}.") from error
