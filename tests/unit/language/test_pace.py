"""The number of threads follows what was measured."""

from pipeline.language.pace import PROBE_EVERY, Pace


def work(pace: Pace, passes: int, seconds: dict[int, float], tokens: int = 8) -> list[int]:
    """Passes on a machine where `seconds[threads]` is what one takes."""
    taken = []
    for _ in range(passes):
        threads = pace.threads(tokens)
        taken.append(threads)
        pace.note(tokens, threads, seconds[threads])
    return taken


def test_on_an_idle_machine_all_threads_are_used() -> None:
    taken = work(Pace(2), 200, {2: 0.05, 1: 0.09})

    assert taken[:3] == [2, 1, 2]
    assert taken.count(1) <= 1 + 200 // PROBE_EVERY


def test_on_a_busy_machine_one_thread_is_enough_until_it_is_quiet_again() -> None:
    pace = Pace(2)
    busy = work(pace, 200, {2: 0.5, 1: 0.1})
    quiet = work(pace, 400, {2: 0.05, 1: 0.09})

    assert busy.count(2) <= 1 + 200 // PROBE_EVERY
    assert quiet[-PROBE_EVERY:].count(2) >= PROBE_EVERY - 1


def test_large_machines_may_use_half_of_their_cores() -> None:
    assert work(Pace(16), 100, {16: 0.3, 8: 0.1, 1: 0.4})[-5:].count(8) >= 4
    assert work(Pace(1), 50, {1: 0.1}) == [1] * 50


def test_reading_and_writing_are_measured_apart() -> None:
    pace = Pace(2)
    work(pace, 50, {2: 0.5, 1: 0.1}, tokens=8)

    assert work(pace, 50, {2: 0.5, 1: 0.9}, tokens=500)[-3:].count(2) >= 2


def test_what_was_found_holds_for_passes_of_nearly_the_same_size_until_they_know_better() -> None:
    pace = Pace(2)
    work(pace, 10, {2: 0.05, 1: 0.09})

    assert work(pace, 10, {2: 0.5, 1: 0.9}, tokens=20) == [2] * 10
    assert 1 in work(pace, 10, {2: 0.5, 1: 0.9}, tokens=500)
