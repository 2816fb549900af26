"""`nutshell ask`: a question to the running library, alone or in a conversation."""

from pipeline.library.answer import ask
from pipeline.library.in_language import in_one_of
from pipeline.library.indexed import indexed
from pipeline.library.moments import cleaned
from pipeline.library.reach import Reach
from pipeline.store import conversations
from pipeline.store.conversations import Scope
from pipeline.types import Answer
from workers.terminal import running


def put(question: str, videos: tuple[str, ...], listing: int | None, conversation: int | None, *, keep: bool, language: str | None = None) -> tuple[Answer, int | None]:
    """The answer, and the number of the conversation that it is kept in. Raises InputError, NotFound, ModelError."""
    asked = cleaned(question)
    scope = Scope(tuple(dict.fromkeys(videos)), listing)
    with running() as (db, _settings, models):
        with db.session() as s:
            if conversation is not None:
                scope = conversations.get(s, conversation).scope
            reach = Reach(conversations.videos_in(s, scope, missing_ok=conversation is not None))
            earlier = conversations.turns(s, conversation) if conversation is not None else ()
        here = indexed(db, models.embedder)
        found = ask(here.db, here.embedder, models.generator, asked, reach=reach, earlier=earlier)
        if language is not None:
            found = in_one_of(db, found, (language,), models.translator)
        if conversation is None and not keep:
            return found, None
        with db.session() as s:
            number = conversation or conversations.start(s, scope=scope)
            conversations.add_turn(s, number, found)
    return found, number
