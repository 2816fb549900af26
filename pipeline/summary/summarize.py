"""A transcript becomes a TLDR: gist, chapters, points, overview and coverage, each handed over as it is made."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog

from pipeline.errors import cause
from pipeline.language.generator import DIMENSIONS, Embedder, Generator, Priority, Prompt
from pipeline.languages import name_of
from pipeline.summary import prompts
from pipeline.summary.chapters import chapters as find_chapters, within
from pipeline.summary.coverage import coverage
from pipeline.summary.points import Draft, Phraser, as_quote, drafts, quoted, stated
from pipeline.summary.reading import Reading, read, unit
from pipeline.summary.select import Scored, opening, quote, score
from pipeline.summary.sense import Sense
from pipeline.summary.sentences import is_punctuated
from pipeline.summary.verify import check, tidy, title_stands
from pipeline.summary.words import is_unspaced, squeeze
from pipeline.types import Chapter, Chunk, Emit, Length, Options, Point, Progress, Sentence, Summary, Video

PROMPT_VERSION = prompts.VERSION
SHARE = {Length.SHORT: 0.55, Length.MEDIUM: 1.0, Length.LONG: 1.8}
"""Points of each length, relative to the middle one."""
PER_MINUTE = {Length.SHORT: 0.0, Length.MEDIUM: 0.0, Length.LONG: 1.0}
"""Points for each minute at least. What is long grows with the talk: who asks for it does not want three hours told like one."""
OVERVIEW = {Length.SHORT: 2, Length.MEDIUM: 3, Length.LONG: 5}
"""Sentences of the overview."""

_LINK = re.compile(r"https?://\S+")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chapters:
    """Handed to `on_partial` when the chapters are known, and again when they have their titles."""

    chapters: tuple[Chapter, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Handed to `on_partial` when the overview is made."""

    points: tuple[Point, ...]


OnPartial = Callable[[Chapters | Point | Overview], None]


def make_gist(
    video: Video,
    sentences: Sequence[Sentence],
    generator: Generator | None,
    options: Options,
    *,
    language: str | None = None,
    embedder: Embedder | None = None,
) -> Point:
    """The one sentence to read if only one is read: selection over the whole video, then one interactive prompt. Needs no vectors of chunks.

    `language` is the transcript's (default: the video's). With `embedder` the best dozen sentences are compared with the title by meaning too: about a second,
    and much the better gist. Raises `no_speech` when there are no sentences.
    """
    del options  # the gist has one length; its language is the transcript's, translation comes after
    if not sentences:
        raise cause("no_speech")
    reading = read(sentences, language or video.language or "und")
    value = opening(reading, score(reading, video.title), video.title)
    if embedder is not None and value:
        sense = Sense(sentences, (), np.zeros((0, DIMENSIONS), dtype=np.float32), subject(video), embedder)
        sense.look(value)
        near = sense.weigh(list(value))
        value = {at: value[at] + near[at] for at in value}
    chosen = reading.sentences[
        max(value, key=lambda at: (value[at], -at)) if value else max(range(len(sentences)), key=lambda at: len(sentences[at].text))
    ]
    receipt = quote(chosen, reading.language)
    if generator is not None and _speaks(generator, reading.language):
        asked = prompts.shorten(receipt.quote, reading.language)
        text = tidy(prompts.continued(asked, generator.generate([asked], priority=Priority.INTERACTIVE)[0]))
        verdict = check(text, [chosen.text], reading.language)
        if verdict.ok:
            return stated(text, [chosen], verdict.support, 0, reading.language)
        log.info("gist_refused", reason=verdict.reason)
    return quoted(receipt)


def subject(video: Video) -> str:
    """What the makers say that the video is about: its title and the first line of its description, without links."""
    line = next((line for line in video.description.split("\n") if line.strip()), "")
    return squeeze(f"{video.title}. {_LINK.sub(' ', line)[:200]}") if line else squeeze(video.title)


def make_summary(
    video: Video,
    sentences: Sequence[Sentence],
    chunks: Sequence[Chunk],
    vectors: np.ndarray,
    generator: Generator | None,
    embedder: Embedder | None,
    options: Options,
    gist: Point,
    *,
    emit: Emit,
    on_partial: OnPartial,
    done: Sequence[Point] = (),
    made_chapters: Sequence[Chapter] = (),
    language: str | None = None,
) -> Summary:
    """The whole summary of one transcript, in its language (`language`, default: the video's). Raises what `emit` raises, `no_speech`, and ModelError.

    `done` and `made_chapters` are what an earlier run handed to `on_partial`: they are kept, and only the rest is made.
    """
    if not sentences:
        raise cause("no_speech")
    emit(Progress("summary", 0.0, "Reading the transcript"))
    reading, duration = read(sentences, language or video.language or "und"), video.duration or sentences[-1].end
    scored = score(reading, video.title, _central_chunks(chunks, vectors, len(sentences)))
    sense = Sense(sentences, chunks, vectors, subject(video), embedder) if embedder is not None else None
    chapters = tuple(made_chapters) or find_chapters(video, reading, chunks, vectors, duration, sense)
    on_partial(Chapters(chapters))
    emit(Progress("summary", 0.05, f"{len(chapters)} chapters"))
    wanted = quotas(chapters, duration, len(sentences), options.length)
    todo = drafts(reading, scored, chapters, wanted, sense, lambda: emit(Progress("summary", 0.07, "Choosing what matters")))
    work = _Work(reading, scored, chapters, list(done), [draft for draft in todo if not _is_made(draft, reading, done)], emit, on_partial)
    if generator is not None and _speaks(generator, reading.language):
        work.phrase(Phraser(reading, embedder), generator, titles=not made_chapters)
    work.quote_rest()
    points = tuple(sorted(work.points, key=lambda point: (point.chapter, point.start)))
    overview = _overview(points, _weights(reading, scored, points, sense), OVERVIEW[options.length], gist)
    on_partial(Overview(overview))
    return Summary(
        language=reading.language,
        length=options.length,
        gist=gist,
        overview=overview,
        points=points,
        chapters=work.chapters,
        coverage=coverage(duration, reading.sentences, points, (gist, *overview), scored.skipped),
        model=generator.model if generator is not None else "",
        prompt_version=PROMPT_VERSION,
        notes=tuple(filter(None, (video.captions_note, *_notes(reading, generator, scored)))),
    )


def quotas(chapters: Sequence[Chapter], duration: float, sentences: int, length: Length) -> list[int]:
    """Points for each chapter, at least one: by its share of the time where each minute has its points, else by the root of it, so that short ones are heard too.

    In all one and about twice the root of the minutes (11 for 20 minutes, 18 for an hour, 25 for two) times SHARE, but at least PER_MINUTE of them for each minute.
    So the long form has 11 for five minutes and from 19 minutes on one a minute: twice the time, twice the points, 180 for three hours. Never more than a third of the sentences.
    """
    minutes = max(0.5, duration / 60)
    total = max(2, round((1 + 2.2 * math.sqrt(minutes)) * SHARE[length]), round(minutes * PER_MINUTE[length]))
    total = min(total, max(1, sentences // 3))
    power = 1.0 if PER_MINUTE[length] else 0.5
    weights = [max(1.0, chapter.end - chapter.start) ** power for chapter in chapters]
    shares = [total * weight / sum(weights) for weight in weights]
    out = [max(1, int(share)) for share in shares]
    for at in sorted(range(len(out)), key=lambda at: (int(shares[at]) - shares[at], at)):
        if sum(out) < total and out[at] <= shares[at]:
            out[at] += 1
    return out


class _Work:
    """The state of one summary while its points are made."""

    def __init__(
        self,
        reading: Reading,
        scored: Scored,
        chapters: tuple[Chapter, ...],
        points: list[Point],
        left: list[Draft],
        emit: Emit,
        on_partial: OnPartial,
    ) -> None:
        self.chapters = chapters
        self.points = points
        self.left = left
        self._reading = reading
        self._scored = scored
        self._emit = emit
        self._on_partial = on_partial
        self._asked = max(1, len(left))

    def phrase(self, phraser: Phraser, generator: Generator, *, titles: bool) -> None:
        """Two rounds: all drafts and titles in one batch, then those that were refused in another form."""
        named = [number for number, chapter in enumerate(self.chapters) if chapter.origin == "made"] if titles else []
        for attempt in (0, 1):
            batch = [draft for draft in self.left if phraser.asks(draft)]
            asked = [phraser.prompt(draft, attempt) for draft in batch]
            names = [self._title_prompt(number) for number in named] if attempt == 0 else []

            def on_done(at: int, answer: str, batch: list[Draft] = batch, asked: list[Prompt] = asked) -> None:
                if at < len(batch):
                    made = phraser.judge(batch[at], answer, asked[at], self.points)
                    if made is not None:
                        self.left.remove(batch[at])
                        self._add(made)
                else:
                    self._name(named[at - len(batch)], answer)
                self._tick()

            if asked or names:
                generator.generate([*asked, *names], priority=Priority.BATCH, on_done=on_done)
            if names:
                self._on_partial(Chapters(self.chapters))
        phrased = sum(point.kind == "phrased" for point in self.points)
        log.info("points_phrased", phrased=phrased, refused=len(phraser.refused), left=len(self.left))

    def quote_rest(self) -> None:
        """What was not phrased is quoted."""
        for draft in self.left:
            self._add(as_quote(draft, self._reading))
            self._tick()
        self.left = []

    def _add(self, point: Point) -> None:
        self.points.append(point)
        self._on_partial(point)

    def _tick(self) -> None:
        self._emit(Progress("summary", 0.1 + 0.85 * (1 - len(self.left) / self._asked), f"{len(self.points)} points"))

    def _title_prompt(self, number: int) -> Prompt:
        inside = within(self._reading.sentences, self.chapters[number])
        best = sorted(sorted(inside, key=lambda at: -float(self._scored.worth[at]))[:2])
        return prompts.title([self._reading.sentences[at].text for at in best] or [self.chapters[number].title], self._reading.language)

    def _name(self, number: int, answer: str) -> None:
        title = answer.strip().strip("\"'“”.").strip()
        texts = [self._reading.sentences[at].text for at in within(self._reading.sentences, self.chapters[number])]
        if title_stands(title, texts, self._reading.language) and title not in {chapter.title for chapter in self.chapters}:
            renamed = replace(self.chapters[number], title=title[0].upper() + title[1:])
            self.chapters = (*self.chapters[:number], renamed, *self.chapters[number + 1 :])


def _speaks(generator: Generator, language: str) -> bool:
    """Whether the model's card lists the language (an empty card: nobody knows, so it is tried and verified)."""
    return not generator.languages or language in generator.languages


def _central_chunks(chunks: Sequence[Chunk], vectors: np.ndarray, count: int) -> np.ndarray | None:
    """For each sentence, how near its chunk lies to the middle of the whole, scaled to 0..1."""
    if len(chunks) < 3 or len(chunks) != len(vectors):
        return None
    rows = np.asarray(vectors, dtype=np.float32)
    near = rows @ unit(rows.mean(axis=0))
    scaled = (near - near.min()) / max(1e-6, float(near.max() - near.min()))
    out = np.zeros(count, dtype=np.float32)
    for chunk, value in zip(chunks, scaled, strict=True):
        out[chunk.first : chunk.last + 1] = value
    return out


def _is_made(draft: Draft, reading: Reading, done: Sequence[Point]) -> bool:
    """Whether an earlier run made this point: it cites a sentence that the draft shows."""
    shown = {reading.sentences[position].index for position in draft.shown}
    return any(point.chapter == draft.chapter and shown & {citation.sentence for citation in point.citations} for point in done)


def _weights(reading: Reading, scored: Scored, points: Sequence[Point], sense: Sense | None) -> dict[int, float]:
    """How much the sentences that points cite say of the whole, by sentence index: by words, and by meaning where that was looked at."""
    places = {sentence.index: at for at, sentence in enumerate(reading.sentences)}
    cited = sorted({places[citation.sentence] for point in points for citation in point.citations})
    central = scored.rows[cited] @ unit(scored.rows.mean(axis=0))
    near = sense.weigh([at for at in cited if at in sense.rows]) if sense is not None else {}
    return {
        reading.sentences[at].index: float(scored.worth[at] + share) + near.get(at, 0.0) for at, share in zip(cited, central, strict=True)
    }


def _overview(points: Sequence[Point], weights: Mapping[int, float], wanted: int, gist: Point) -> tuple[Point, ...]:
    """Reduce by selection: the points that say most of the whole, from different chapters first, in the order of the talk; never the gist again."""
    told = {citation.sentence for citation in gist.citations}
    fresh = [point for point in points if not told & {citation.sentence for citation in point.citations}] or list(points)
    chapters = max(1, len({point.chapter for point in fresh}))
    chosen: list[Point] = []
    for point in sorted(fresh, key=lambda point: -max(weights[citation.sentence] for citation in point.citations)):
        crowded = sum(other.chapter == point.chapter for other in chosen) > len(chosen) // chapters
        if len(chosen) < wanted and not crowded:
            chosen.append(point)
    return tuple(sorted(chosen, key=lambda point: point.start))


def _notes(reading: Reading, generator: Generator | None, scored: Scored) -> list[str]:
    """What the reader should know about limits met."""
    out = []
    language = name_of(reading.language) if reading.language != "und" else "the language of the video"
    if generator is None:
        out.append("No language model was used, so the points are sentences of the video itself.")
    elif not _speaks(generator, reading.language):
        known = ", ".join(sorted(name_of(code) for code in generator.languages))
        out.append(f"The installed model writes {known} only, so the points are quotes in {language}.")
    whole = "".join(sentence.text for sentence in reading.sentences[:50])
    if not is_unspaced(whole) and not is_punctuated(reading.sentences):
        out.append("The captions have no punctuation, so quotes begin and end where the speaker seems to pause.")
    if "advertisement" in scored.skipped.values():
        out.append("Advertising was left out; the coverage shows where.")
    return out
