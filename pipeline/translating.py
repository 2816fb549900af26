"""The stage that translates: the summary first, which somebody waits for, then the title, then the transcript sentence by sentence, each part stored as it is made."""

from dataclasses import replace

from pipeline.context import Context, Text
from pipeline.errors import ModelError
from pipeline.language.translator import VERSION
from pipeline.steps import translated
from pipeline.store import renditions, translations
from pipeline.store.translations import Kind, TranslationKey
from pipeline.types import Progress

BATCH = 16
"""Sentences a part: between parts the lease is renewed and a cancel is seen."""
BEFORE = 2
"""Sentences that come before a part and are shown to what translates in context."""


def translate(ctx: Context) -> None:
    """What there is of a video in the reader's language, when that is not the one it was written in."""
    target = ctx.options.language
    text = ctx.text()
    if target is None or target == text.key.language:
        return
    if not ctx.chosen and not ctx.models.translator.can(text.key.language, target).ok:
        return
    _summary(ctx, text, target)
    if ctx.settings.translate_transcript:
        _title(ctx, text, target)
        _transcript(ctx, text, target)


def _summary(ctx: Context, text: Text, target: str) -> None:
    key = replace(text.key, language=target)
    with ctx.db.session() as s:
        original = renditions.get_rendition(s, text.key)
        there = renditions.get_rendition(s, key)
    if there is not None and there.complete:
        return
    if original is None or not original.complete:
        raise ModelError("stage_order", "There is no finished summary to translate. Start the video again.")
    ctx.say(0.0, "Translating")
    made, engine = translated(original.whole(), target, ctx.models.translator)
    with ctx.db.session() as s:
        renditions.save_summary(s, key, made, fence=ctx.claim.fence)
        translations.complete(s, _key(text, "summary", engine, target), fence=ctx.claim.fence)
    ctx.publish("summary")


def _title(ctx: Context, text: Text, target: str) -> None:
    with ctx.db.session() as s:
        there = translations.get_translation(s, ctx.video_id, "title", target)
    title = ctx.video.title
    if there is not None or not title:
        return
    job = ctx.models.translator.begin(text.key.language, target)
    line = job.texts([title])[0]
    key = _key(text, "title", job.engine, target)
    with ctx.db.session() as s:
        translations.save_texts(s, key, 0, ["" if line.original else line.text], fence=ctx.claim.fence)
        translations.complete(s, key, fence=ctx.claim.fence)
    ctx.publish("video")


def _transcript(ctx: Context, text: Text, target: str) -> None:
    """A new attempt goes on after the last part that was stored."""
    job = ctx.models.translator.begin(text.key.language, target)
    key = _key(text, "transcript", job.engine, target)
    with ctx.db.session() as s:
        there = translations.get_exact(s, key)
    if there is not None and there.complete:
        return
    said = [sentence.text for sentence in text.sentences]
    done = len(there.texts) if there else 0
    job.learn(zip(said, there.texts if there else (), strict=False))
    for first in range(done, len(said), BATCH):
        ctx.emit(Progress("translate", first / len(said), "Translating the transcript"))
        lines = job.texts(said[first : first + BATCH], before=" ".join(said[max(0, first - BEFORE) : first]), flowing=True)
        with ctx.db.session() as s:
            translations.save_texts(s, key, first, ["" if line.original else line.text for line in lines], fence=ctx.claim.fence)
        ctx.publish("transcript")
    with ctx.db.session() as s:
        translations.complete(s, key, fence=ctx.claim.fence)
    ctx.publish("transcript")


def _key(text: Text, kind: Kind, engine: str, target: str) -> TranslationKey:
    return TranslationKey(text.key.video_id, kind, text.key.transcript_hash, engine, VERSION, target)
