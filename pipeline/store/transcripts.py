"""Transcripts, their sentences and chunks.

A transcript from captions or a file comes whole. One from speech grows by parts, each stored as it is heard, until it is sealed into one blob; until then
readers see what is there so far. A video has at most one transcript of each origin.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import ARRAY, Double, Text, and_, case, cast, delete, exists, false, func, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from pipeline.errors import NotFound
from pipeline.store import fulltext, indexes, vocabulary
from pipeline.store.fences import Fence, advanced, fenced
from pipeline.store.packing import clean, hash_of, pack_segments, unpack_segments
from pipeline.store.tables import ChunkRow, SentenceRow, TranscriptPartRow, TranscriptRow, VideoRow
from pipeline.types import Chunk, Origin, Segment, Sentence, Transcript

PREFERRED = (Origin.FILE, Origin.CAPTIONS_MANUAL, Origin.SPEECH, Origin.CAPTIONS_AUTO)
"""Best first. A translation is never what a video says, so it has to be asked for by name."""


def save_transcript(s: Session, video_id: str, transcript: Transcript, *, fence: Fence | None) -> str:
    """Stores a whole transcript in place of an earlier one of its origin; its hash. The same words again change nothing.

    Raises:
        LeaseLost: see fenced().
    """
    fenced(s, fence)
    transcript = _cleaned(transcript)
    name = hash_of(transcript)
    row = _row(s, video_id, transcript.origin)
    if row is not None and row.hash == name:
        return name
    if row is not None:
        s.delete(row)
        s.flush()
    s.add(
        TranscriptRow(
            video_id=video_id,
            origin=transcript.origin,
            language=transcript.language,
            model=transcript.model,
            hash=name,
            segments=pack_segments(transcript.segments),
        )
    )
    advanced(s, fence)
    s.flush()
    return name


def _cleaned(transcript: Transcript) -> Transcript:
    segments = tuple(Segment(x.start, x.end, clean(x.text), x.speaker) for x in transcript.segments)
    return Transcript(transcript.language, transcript.origin, transcript.model, segments)


def append_part(
    s: Session, video_id: str, origin: Origin, language: str, model: str, segments: Sequence[Segment], until: float, *, fence: Fence | None
) -> None:
    """What was heard up to second `until`. A part that does not get further than the last one is ignored, so a repeated window cannot double its words.

    Raises:
        LeaseLost: see fenced().
    """
    fenced(s, fence)
    s.execute(upsert(TranscriptRow).values(video_id=video_id, origin=origin, language=language, model=model).on_conflict_do_nothing())
    row = _row(s, video_id, origin)
    if row is None or row.hash is not None or until <= parts_until(s, video_id, origin):
        return
    row.language = language
    part = [Segment(x.start, x.end, clean(x.text), x.speaker) for x in segments]
    s.add(TranscriptPartRow(transcript_id=row.id, until=until, segments=pack_segments(part)))
    advanced(s, fence)
    s.flush()


def parts_until(s: Session, video_id: str, origin: Origin) -> float:
    """The second up to which a growing transcript has been heard; 0.0 when it has not begun."""
    query = (
        select(func.max(TranscriptPartRow.until))
        .join(TranscriptRow)
        .where(TranscriptRow.video_id == video_id, TranscriptRow.origin == origin)
    )
    return s.execute(query).scalar_one() or 0.0


def seal_parts(
    s: Session, video_id: str, origin: Origin, labelled: Callable[[tuple[Segment, ...]], tuple[Segment, ...]] = tuple, *, fence: Fence | None
) -> str | None:
    """Makes the growing transcript a whole one, its segments as `labelled` gives them; its hash. Sealed already: nothing to do. None when nothing was ever heard.

    Raises:
        LeaseLost: see fenced().
    """
    fenced(s, fence)
    row = _row(s, video_id, origin)
    if row is None or row.hash is not None:
        return None if row is None else row.hash
    whole = Transcript(row.language, origin, row.model, labelled(_parts(s, row.id)))
    row.hash = hash_of(whole)
    row.segments = pack_segments(whole.segments)
    s.execute(delete(TranscriptPartRow).where(TranscriptPartRow.transcript_id == row.id))
    advanced(s, fence)
    s.flush()
    return row.hash


def speakers(s: Session, video_id: str) -> tuple[str, ...]:
    """The names in its sentences, in the order in which they first speak."""
    query = (
        select(SentenceRow.speaker)
        .join(TranscriptRow, TranscriptRow.id == SentenceRow.transcript_id)
        .where(TranscriptRow.video_id == video_id, SentenceRow.speaker.is_not(None))
        .group_by(SentenceRow.speaker)
        .order_by(func.min(SentenceRow.start), SentenceRow.speaker)
    )
    return tuple(name for name in s.execute(query).scalars() if name)


def name_speakers(s: Session, video_id: str, names: Mapping[str, str]) -> None:
    """Other names for speakers, by those that they have, in every transcript of the video. Two with one name become one. What was said stays as it is, and so
    does its hash: summaries rest on words.
    """
    rows = s.execute(select(TranscriptRow).where(TranscriptRow.video_id == video_id, TranscriptRow.segments.is_not(None)).with_for_update()).scalars().all()
    for row in rows:
        if row.segments is not None:
            segments = unpack_segments(row.segments)
            row.segments = pack_segments([replace(x, speaker=names.get(x.speaker, x.speaker) if x.speaker else x.speaker) for x in segments])
    if names:
        named = case(*((SentenceRow.speaker == old, clean(new)) for old, new in names.items()))
        mine = select(TranscriptRow.id).where(TranscriptRow.video_id == video_id)
        s.execute(update(SentenceRow).where(SentenceRow.transcript_id.in_(mine), SentenceRow.speaker.in_(names)).values(speaker=named))
        for row in rows:
            _index_words(s, row.id)


def _index_words(s: Session, transcript_id: int) -> None:
    """Again, as the speakers are called now."""
    for chunk in s.execute(select(ChunkRow).where(ChunkRow.transcript_id == transcript_id)).scalars():
        chunk.words = fulltext.document(chunk.text, chunk.language)
    s.flush()
    _index_speakers(s, transcript_id)


def get_transcript(
    s: Session, video_id: str, origin: Origin | None = None, *, sealed: bool = False, segments: bool = True
) -> Transcript | None:
    """The transcript of `origin`, or the preferred one: a sealed one first. `sealed`: not one that is still growing. `segments`: False leaves them out."""
    row = _row(s, video_id, origin)
    if row is None or (sealed and row.hash is None):
        return None
    stored = () if not segments else _parts(s, row.id) if row.segments is None else unpack_segments(row.segments)
    return Transcript(row.language, row.origin, row.model, stored)


def get_hash(s: Session, video_id: str, origin: Origin | None = None) -> str | None:
    """What names the sealed transcript of `origin`, or the preferred one."""
    row = _row(s, video_id, origin)
    return None if row is None else row.hash


def _row(s: Session, video_id: str, origin: Origin | None) -> TranscriptRow | None:
    query = select(TranscriptRow).where(TranscriptRow.video_id == video_id)
    if origin is not None:
        return s.execute(query.where(TranscriptRow.origin == origin)).scalar_one_or_none()
    rank = case({o: i for i, o in enumerate(PREFERRED)}, value=TranscriptRow.origin)
    foreign = and_(
        TranscriptRow.origin == Origin.CAPTIONS_MANUAL, VideoRow.language.is_not(None), TranscriptRow.language != VideoRow.language
    )
    query = query.join(VideoRow, VideoRow.id == TranscriptRow.video_id).where(TranscriptRow.origin.in_(PREFERRED))
    query = query.order_by(TranscriptRow.hash.is_(None), foreign, rank).limit(1)
    return s.execute(query).scalar_one_or_none()


def _needed(s: Session, video_id: str, origin: Origin | None) -> TranscriptRow:
    row = _row(s, video_id, origin)
    if row is None:
        raise NotFound("no_transcript", "This video has no transcript yet.")
    return row


def _parts(s: Session, transcript_id: int) -> tuple[Segment, ...]:
    query = select(TranscriptPartRow.segments).where(TranscriptPartRow.transcript_id == transcript_id).order_by(TranscriptPartRow.until)
    return tuple(segment for blob in s.execute(query).scalars() for segment in unpack_segments(blob))


def save_sentences(s: Session, video_id: str, sentences: Sequence[Sentence], *, origin: Origin | None = None, fence: Fence | None) -> None:
    """The sentences of a transcript, in place of those it had.

    Raises:
        LeaseLost: see fenced().
        NotFound: `no_transcript`.
    """
    fenced(s, fence)
    row = _needed(s, video_id, origin)
    s.execute(delete(SentenceRow).where(SentenceRow.transcript_id == row.id))
    if sentences:
        s.execute(
            insert(SentenceRow),
            [
                {"transcript_id": row.id, "index": x.index, "start": x.start, "end": x.end, "text": clean(x.text), "speaker": x.speaker}
                for x in sentences
            ],
        )


def get_sentences(
    s: Session, video_id: str, origin: Origin | None = None, *, spans: Sequence[tuple[float, float]] | None = None
) -> tuple[Sentence, ...]:
    """In order; empty when there are none yet. `spans`: only those that begin in one of these, in seconds, ends included."""
    row = _row(s, video_id, origin)
    if row is None:
        return ()
    query = select(SentenceRow).where(SentenceRow.transcript_id == row.id).order_by(SentenceRow.index)
    if spans is not None:
        query = query.where(or_(false(), *(SentenceRow.start.between(*span) for span in spans)))
    return tuple(Sentence(x.index, x.start, x.end, x.text, x.speaker) for x in s.execute(query).scalars())


def sentences_within(s: Session, spans: Sequence[tuple[str, float, float]]) -> dict[str, tuple[Sentence, ...]]:
    """By video, in order, what search knows of it and begins in one of its spans (video, start, end; seconds, ends included). One statement for all of them."""
    videos, starts, ends = zip(*spans, strict=True) if spans else ((), (), ())
    arrays = literal(list(videos), ARRAY(Text)), literal(list(starts), ARRAY(Double)), literal(list(ends), ARRAY(Double))
    span = func.unnest(*arrays).table_valued("video_id", "first", "last", name="span").render_derived()
    indexed = exists(select(literal(1)).where(ChunkRow.transcript_id == TranscriptRow.id))
    query = (
        select(span.c.video_id, SentenceRow.index, SentenceRow.start, SentenceRow.end, SentenceRow.text, SentenceRow.speaker)
        .select_from(span)
        .join(TranscriptRow, and_(TranscriptRow.video_id == span.c.video_id, TranscriptRow.origin.in_(PREFERRED), indexed))
        .join(SentenceRow, and_(SentenceRow.transcript_id == TranscriptRow.id, SentenceRow.start.between(span.c.first, span.c.last)))
    )
    found: dict[str, dict[int, Sentence]] = {video_id: {} for video_id in videos}
    for video_id, *sentence in s.execute(query.order_by(SentenceRow.index)):
        found[video_id][sentence[0]] = Sentence(*sentence)
    return {video_id: tuple(sentences.values()) for video_id, sentences in found.items()}


def save_chunks(
    s: Session,
    video_id: str,
    chunks: Sequence[Chunk],
    vectors: np.ndarray,
    language: str,
    *,
    origin: Origin | None = None,
    fence: Fence | None,
) -> None:
    """What search finds: the chunks of a transcript with their unit vectors (n, dimensions of the session's index). They take the place of those of every
    other original transcript of the video, so that a moment is found once.

    Raises:
        LeaseLost: see fenced().
        ModelError: `index_changed`, retryable: another model's vectors are searched now.
        NotFound: `no_transcript`.
    """
    if len(chunks) != len(vectors):
        raise ValueError(f"{len(chunks)} chunks need as many vectors, not {len(vectors)}")
    index = indexes.writing(s)
    fenced(s, fence)
    row = _needed(s, video_id, origin)
    same = (
        TranscriptRow.origin == row.origin if row.origin is Origin.SPEECH_TRANSLATED else TranscriptRow.origin != Origin.SPEECH_TRANSLATED
    )
    s.execute(delete(ChunkRow).where(ChunkRow.transcript_id.in_(select(TranscriptRow.id).where(TranscriptRow.video_id == video_id, same))))
    for chunk, vector in zip(chunks, vectors, strict=True):
        text = clean(chunk.text)
        s.add(
            ChunkRow(
                video_id=video_id, transcript_id=row.id, index=chunk.index, start=chunk.start, end=chunk.end, first=chunk.first, last=chunk.last,
                text=text, language=language, words=fulltext.document(text, language), **{index.slot: vector},
            )
        )  # fmt: skip
    s.flush()
    _index_speakers(s, row.id)
    vocabulary.learn(s, row.id)


def _index_speakers(s: Session, transcript_id: int) -> None:
    """Who speaks is found as what is said is: "what did Ana say about the budget"."""
    inside = (SentenceRow.transcript_id == ChunkRow.transcript_id) & SentenceRow.index.between(ChunkRow.first, ChunkRow.last)
    names = select(func.string_agg(SentenceRow.speaker.distinct(), " . ")).where(inside).correlate(ChunkRow).scalar_subquery()
    named = select(ChunkRow.id, names.label("names")).where(ChunkRow.transcript_id == transcript_id).subquery()
    said = ChunkRow.words.concat(fulltext.names(named.c.names))
    s.execute(update(ChunkRow).where(ChunkRow.id == named.c.id, named.c.names.is_not(None)).values(words=said).execution_options(synchronize_session=False))


def spoken(s: Session, video_ids: Collection[str] | None, most: int) -> tuple[str, ...]:
    """Ids of videos that can be searched, `most` at most, of `video_ids` or of all: by hopping from one to the next in the index."""
    among = [] if video_ids is None else [ChunkRow.video_id.in_(video_ids)]
    found: list[str] = []
    while len(found) < most:
        later = [ChunkRow.video_id > found[-1]] if found else []
        video_id: str | None = s.execute(select(func.min(ChunkRow.video_id)).where(*among, *later)).scalar_one()
        if video_id is None:
            break
        found.append(video_id)
    return tuple(found)


def get_chunks(s: Session, video_id: str, origin: Origin | None = None) -> tuple[tuple[Chunk, ...], np.ndarray]:
    """In order, with their vectors (n, dimensions) float32, those of the session's index. Without an `origin` those of the original that can be searched, which is the one
    that was read last (see save_chunks) and not always the preferred one.

    Raises:
        ModelError: `index_changed`, retryable.
    """
    among = TranscriptRow.origin.in_(PREFERRED) if origin is None else TranscriptRow.origin == origin
    query = select(ChunkRow, cast(indexes.column(s), HALFVEC)).join(TranscriptRow, TranscriptRow.id == ChunkRow.transcript_id)
    rows = s.execute(query.where(TranscriptRow.video_id == video_id, among).order_by(ChunkRow.index)).all()
    if any(vector is None for _, vector in rows):  # it came after another index had taken over
        raise indexes.changed()
    vectors = np.array([vector for _, vector in rows], dtype=np.float32).reshape(len(rows), indexes.used(s).dimensions)
    return tuple(Chunk(x.index, x.start, x.end, x.text, x.first, x.last) for x, _ in rows), vectors
