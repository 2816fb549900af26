"""From rows to what a template shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.jobs import Queue, State
from pipeline.store.jobs import JobView, StageView
from pipeline.store.media import Media
from pipeline.types import Chapter, Citation, Coverage, Hit, Origin, Point, Segment, Sentence, Status, Transcript
from web import views

NOW = datetime(2026, 3, 5, tzinfo=UTC)
SENTENCES = (Sentence(0, 0.0, 4.0, "One."), Sentence(1, 4.5, 9.0, "Two."), Sentence(2, 62.8, 70.0, "Three."))
CHAPTERS = (Chapter(0.0, 60.0, "Beginning"), Chapter(60.0, 80.0, "End"))


def point(start: float, chapter: int) -> Point:
    return Point("A point.", (Citation(start, start + 1, "A quote.", 0),), "phrased", 0.9, chapter)


@pytest.mark.parametrize(("at", "anchor"), [(0, "s0"), (3, "s0"), (4, "s1"), (30, "s1"), (62, "s2"), (999, "s2")])
def test_a_whole_second_marks_the_line_that_begins_within_it(at: float, anchor: str) -> None:
    lines = views.lines(None, SENTENCES, (), at)

    assert [line.anchor for line in lines if line.target] == [anchor]


def test_no_time_no_mark() -> None:
    assert not any(line.target for line in views.lines(None, SENTENCES, (), None))


def test_chapters_stand_on_the_line_where_they_begin() -> None:
    lines = views.lines(None, SENTENCES, CHAPTERS, None)

    assert [line.chapter for line in lines] == ["Beginning", None, "End"]


def test_segments_stand_in_until_there_are_sentences() -> None:
    transcript = Transcript("en", Origin.SPEECH, "base", (Segment(0.0, 2.0, "so far", "Ada"),))
    (line,) = views.lines(transcript, (), (), None)

    assert (line.anchor, line.text, line.speaker) == ("r0", "so far", "Ada")
    assert views.lines(None, (), CHAPTERS, 5.0) == ()
    assert views.Lines().anchor(5.0) == ""


def test_anchors_lead_to_the_line_that_is_spoken() -> None:
    lines = views.lines(None, SENTENCES, (), None)

    assert [lines.anchor(second) for second in (0.0, 4.4, 4.5, 65.0)] == ["#s0", "#s0", "#s1", "#s2"]


def test_points_stand_under_their_chapters_in_order_of_time() -> None:
    first, second = views.sections(CHAPTERS, (point(70, 1), point(20, 0), point(5, 0), point(61, 7)))

    assert [p.start for p in first.points] == [5, 20]
    assert [p.start for p in second.points] == [61, 70]


def test_points_without_chapters_and_chapters_without_points() -> None:
    assert views.sections((), ()) == ()
    assert [section.chapter for section in views.sections((), (point(1, 0),))] == [None]
    assert [section.points for section in views.sections(CHAPTERS, ())] == [(), ()]


def test_while_it_grows_only_the_chapters_up_to_the_one_being_read() -> None:
    three = (*CHAPTERS, Chapter(80.0, 90.0, "Credits"))

    assert [s.chapter.title for s in views.sections(three, (), growing=True) if s.chapter] == ["Beginning"]
    assert [s.chapter.title for s in views.sections(three, (point(5, 0),), growing=True) if s.chapter] == ["Beginning", "End"]
    assert len(views.sections(three, (point(85, 2),), growing=True)) == 3


COVERAGE = (
    Coverage(0.0, 100.0, Status.CITED, (0,)),
    Coverage(100.0, 100.1, Status.SILENCE),
    Coverage(100.1, 160.0, Status.READ),
    Coverage(160.0, 180.0, Status.SKIPPED, (), "an advertisement"),
    Coverage(180.0, 200.0, Status.CITED, (1, 2)),
)


def test_the_strip_fills_its_width_and_the_words_keep_every_stretch() -> None:
    strip = views.strip(COVERAGE)

    assert strip is not None
    assert sum(bar.width for bar in strip.bars) == pytest.approx(100)
    assert len(strip.bars) == 4, "a stretch too thin to see is drawn with its neighbour"
    assert [bar.words for bar in strip.stretches] == [
        "0:00 to 1:40: 1 point rests on this", "1:40 to 1:40: no speech", "1:40 to 2:40: read, nothing rests on it",
        "2:40 to 3:00: left out: an advertisement", "3:00 to 3:20: 2 points rest on this",
    ]  # fmt: skip
    assert strip.sentence == "Of 3 min: 2 min carry the summary, 1 min read and not needed, 20 s left out."


def test_nothing_covered_no_strip() -> None:
    assert views.strip(()) is None


def stage(name: str, state: State, **more: object) -> StageView:
    return replace(StageView(name, Queue.TEXT, state, 0.0, "", 0, None, None, NOW), **more)  # type: ignore[arg-type]


def job(state: State, *stages: StageView) -> JobView:
    return JobView(7, "aaaaaaaaaaa", "tldr", state, stages, NOW, {})


def test_a_running_job() -> None:
    running = job(State.RUNNING, stage("fetch", State.DONE), stage("summary", State.RUNNING, fraction=0.5, message="Chapter 2 of 4"))
    status = views.job_status(running, 0, now=NOW)

    assert (status.headline, status.detail, status.fraction, status.overall, status.live) == (
        "Writing the summary",
        "Chapter 2 of 4",
        0.5,
        75,
        True,
    )
    assert [step.state for step in status.steps] == ["done", "running"]


def test_the_place_in_the_queue() -> None:
    waiting = job(State.WAITING, stage("fetch", State.WAITING))

    assert views.job_status(waiting, 3, now=NOW).detail == "3 jobs before this one"
    assert views.job_status(waiting, 1, now=NOW).detail == "1 job before this one"
    assert views.job_status(waiting, 0, now=NOW).detail == "Starting"


def test_a_stage_that_is_tried_again_says_when_and_why() -> None:
    again = stage("fetch", State.WAITING, attempt=1, error="YouTube is limiting this server.", not_before=NOW + timedelta(minutes=15))
    status = views.job_status(job(State.RUNNING, again), 0, now=NOW)

    assert (status.headline, status.detail) == ("Trying again in 15 min", "YouTube is limiting this server.")


def test_a_stage_that_waits_for_youtube_says_so() -> None:
    waiting = stage(
        "fetch", State.WAITING, attempt=1, error="YouTube wants to be left alone.", error_code="youtube_pause", not_before=NOW + timedelta(minutes=15)
    )

    assert views.job_status(job(State.RUNNING, waiting), 0, now=NOW).headline == "Waiting for YouTube for another 15 min"


def test_a_failed_job_names_cause_and_next_step() -> None:
    failed = stage("fetch", State.FAILED, error="This video is private.", error_code="private")
    status = views.job_status(job(State.FAILED, failed, stage("gist", State.WAITING)), None, now=NOW)

    assert (status.headline, status.detail, status.error_code) == (
        "Stopped while looking at the video",
        "This video is private.",
        "private",
    )
    assert status.next_step == "Paste the link of another video."
    assert status.retry == "unlikely"
    assert not status.live


def test_cancelled_and_done() -> None:
    assert views.job_status(job(State.CANCELLED, stage("fetch", State.CANCELLED)), now=NOW).headline == "Cancelled"
    assert views.job_status(job(State.DONE, stage("fetch", State.DONE)), now=NOW).overall == 100


def test_stages_with_nothing_to_do_are_not_shown() -> None:
    found = job(
        State.RUNNING,
        stage("fetch", State.DONE),
        stage("speech", State.DONE),
        stage("gist", State.RUNNING),
        stage("translate", State.WAITING),
    )
    status = views.job_status(found, 0, unneeded=frozenset({"speech", "translate"}), now=NOW)

    assert [step.words for step in status.steps] == ["Looking at the video", "Finding the gist"]
    assert status.overall == 50


def test_downloads_say_kind_and_size() -> None:
    have = Media("aaaaaaaaaaa", "audio", "audio/a.webm", "Talk.webm", "audio/webm", 2_100_000)
    audio, video = views.downloads("aaaaaaaaaaa", "youtube", (have,), frozenset({"video"}))

    assert (audio.words, audio.href) == ("Audio, webm, 2.1 MB", "/api/v1/media/aaaaaaaaaaa/audio?download=1")
    assert (video.words, video.running, video.href) == ("Video is being fetched", True, "")
    assert [d.words for d in views.downloads("aaaaaaaaaaa", "youtube", (), frozenset())] == ["Fetch the audio", "Fetch the video"]
    assert views.downloads("aaaaaaaaaaa", "transcript", (), frozenset()) == ()


def hit(video_id: str, start: float) -> Hit:
    return Hit(video_id, video_id.title(), start, start + 1, f"A lens at {start}.", 1.0)


def test_hits_stand_under_their_videos_the_best_first() -> None:
    hits = (hit("b", 9), hit("a", 3), hit("b", 1), hit("a", 2))
    first, second = views.found(hits, "lens")

    assert [(group.id, group.title, [moment.start for moment in group.best], group.more) for group in (first, second)] == [
        ("b", "B", [9, 1], ()),
        ("a", "A", [3, 2], ()),
    ]
    assert [mark.text for mark in first.best[0].marks if mark.marked] == ["lens"]
    assert views.found((), "lens") == ()


@pytest.mark.parametrize(("count", "folded"), [(views.BEST, 0), (views.BEST + 1, 0), (views.BEST + 2, 2)])
def test_one_video_does_not_push_the_others_off_the_page(count: int, folded: int) -> None:
    (group,) = views.found([hit("a", start) for start in range(count)], "lens")

    assert len(group.more) == folded
    assert len(group.best) + len(group.more) == count
