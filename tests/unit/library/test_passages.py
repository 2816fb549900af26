"""What is quoted of the best sentences: with what they need to be understood, one where one stands out, and several where they are as good."""

from pipeline.library.moments import Moment
from pipeline.library.passages import passages
from pipeline.library.receipts import quoted
from pipeline.types import Hit, Sentence

SAID = (
    "Then I went to see her in the spring, and we walked together to the new stop, and I timed it with the watch of my father.",
    "It took us eleven minutes.",
    "Nobody had put a bench on the whole way, and Edith sat down on a wall twice, which I still remember, because it was raining on both of us.",
    "The drivers were lost.",
    "Everybody was angry about the map, and the mayor too, and so the council met on a Sunday morning and did not end before it was dark.",
)
HIT = Hit("v", "", 0.0, 50.0, "", 0.9)


def sentences(video_id: str = "v") -> dict[str, tuple[Sentence, ...]]:
    return {video_id: tuple(Sentence(number, 10.0 * number, 10.0 * number + 9, text) for number, text in enumerate(SAID))}


def moment(index: int, worth: float = 0.8, hit: Hit = HIT) -> Moment:
    return Moment(hit, sentences()["v"][index], 0.0, near=0.78 + worth / 4)


def test_a_passage_goes_on_with_what_leans_on_it() -> None:
    (made,) = passages([moment(0)], sentences())

    assert made.sentence.text == f"{SAID[0]} {SAID[1]}"
    assert (made.sentence.index, made.sentence.start, made.sentence.end) == (0, 0.0, 19.0)
    assert (made.near, made.hit) == (moment(0).near, HIT), "it is worth what its best sentence is"


def test_a_sentence_that_leans_is_read_with_the_one_before() -> None:
    (made,) = passages([moment(1)], sentences())

    assert made.sentence.text == f"{SAID[0]} {SAID[1]}"


def test_a_short_one_is_made_whole_and_a_long_one_stays_alone() -> None:
    short, long = passages([moment(3), moment(2)], sentences())

    assert short.sentence.text == f"{SAID[3]} {SAID[4]}"
    assert long.sentence.text == SAID[2]


def test_nothing_is_quoted_twice() -> None:
    assert [made.sentence.index for made in passages([moment(0), moment(1), moment(3)], sentences())] == [0, 3]


def test_neighbours_that_were_not_read_are_left_out() -> None:
    assert passages([moment(3)], {})[0].sentence.text == SAID[3]


def test_one_is_quoted_where_it_stands_out_and_three_where_they_are_as_good() -> None:
    other = Hit("w", "", 0.0, 50.0, "", 0.9)

    assert len(quoted("Why?", [moment(0), moment(2, 0.3)]).citations) == 1
    assert len(quoted("Why?", [moment(0), moment(2, 0.5), moment(4, 0.7), moment(3, 0.6)]).citations) == 3
    assert [one.video_id for one in quoted("Why?", [moment(0), moment(2, 0.7, other)]).citations] == ["v"], "one answer, one video"
