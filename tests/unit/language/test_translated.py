"""What is taken for a bad translation, and what people do when they translate that is not."""

import pytest

from pipeline.language.figures import numbers, unmatched
from pipeline.language.translated import Names, faults, in_language, lost_names, off_length

ES = ("en", "es")


@pytest.mark.parametrize(
    ("source", "answer", "languages", "found"),
    [
        ("It costs 1,250.50 dollars here.", "Es kostet hier 1.250,50 Dollar.", ("en", "de"), ()),
        ("It costs 1,250 dollars here today.", "Es kostet hier heute 1.205 Dollar.", ("en", "de"), ("numbers",)),
        ("We met at 5 p.m. on the corner.", "Nous nous sommes vus à 17 h au coin.", ("en", "fr"), ()),
        ("It was 40 miles from the old town.", "Estaba a 64 kilómetros del casco antiguo.", ES, ()),
        ("It was built in the 19th century here.", "Se construyó aquí en el siglo XIX.", ES, ()),
        ("The three dogs slept in the garden.", "Los 3 perros durmieron en el jardín.", ES, ()),
        ("The bees dance for the others today.", "the bees dance for the others today.", ES, ("empty",)),
        ("The bees dance for the others today.", "", ES, ("empty",)),
        ("The bees dance for the others today.", "Les abeilles dansent pour les autres aujourd’hui.", ES, ("language",)),
        ("The bees dance for all the others in the hive.", "Las abejas bailan para todas las otras en", ES, ("cut",)),
        ("See https://example.org/a?b=1 for all the rest of it.", "Mira https://ejemplo.org/a?b=1 para todo lo demás.", ES, ("kept",)),
        ("Angela Merkel", "Angela Merkel", ES, ()),
    ],
)
def test_faults(source: str, answer: str, languages: tuple[str, str], found: tuple[str, ...]) -> None:
    assert faults(source, answer, languages) == found


def test_two_sentences_that_mean_other_things_are_far_apart() -> None:
    said = ("The bees dance for the others.", "El presidente viajó ayer a Roma.")

    assert faults(*said, ES, similarity=0.80) == ("meaning",)
    assert faults(*said, ES, similarity=0.90) == ()


def test_half_of_a_sentence_is_too_short_even_with_a_full_stop() -> None:
    source = "The committee decided last week that the new bridge over the river will be closed to all traffic until the end of the summer."
    whole = "El comité decidió la semana pasada que el nuevo puente sobre el río se cerrará a todo el tráfico hasta el final del verano."

    assert faults(source, whole, ES) == ()
    assert faults(source, "El comité decidió la semana pasada que el nuevo puente.", ES) == ("length",)
    assert -2 < off_length(source, whole, ES) < 0


def test_a_name_may_be_translated_everywhere_but_not_swapped_in_one_place() -> None:
    text = [
        ("Yesterday Merkel spoke in the White House.", "Ayer Merkel habló en la Casa Blanca."),
        ("Then Johnson answered Merkel.", "Luego Johnson respondió a Merkel."),
        ("Later Merkel left the White House.", "Después Merkel dejó la Casa Blanca."),
        ("Now Johnson waits.", "Ahora Johnson espera."),
    ]
    known = Names(*ES).learn(text)

    assert not any(known.swapped(*pair) for pair in text)
    assert known.swapped("Later Merkel left the White House.", "Después Johnson dejó la Casa Blanca.")
    assert known.swapped("Later Merkel left the White House.", "Después Szymanski dejó la Casa Blanca.")


def test_lost_names_are_neither_days_nor_countries() -> None:
    assert lost_names("On Tuesday Willow flew to Germany.", "El martes voló a Alemania.", ES) == ["Willow"]
    assert lost_names("Gestern flog die Katze nach Rom.", "Yesterday it flew there.", ("de", "en")) == []
    assert lost_names("On Tuesday Willow flew.", "Во вторник Уиллоу улетела.", ("en", "ru")) == []


def test_numbers_are_their_significant_digits() -> None:
    assert numbers("3 for 1,250.50 or 12:45, not 1.6") == ["3", "12505", "1245", "16"]
    assert unmatched("1.6 billion", "1.600 millones", ES) == ([], [])
    assert unmatched("7.55am", "7:55", ES) == ([], [])


def test_names_do_not_make_a_sentence_foreign() -> None:
    assert in_language("Los Rolling Stones tocaron en Hyde Park con Mick Taylor y Charlie Watts.", "es")
    assert not in_language("the band played all night in the park with many friends.", "es")


def test_a_name_in_a_compound_is_there() -> None:
    text = [("Yesterday the FBI came.", "Gestern kam das FBI."), ("Then the FBI left again.", "Dann ging das FBI wieder.")]
    known = Names("en", "de").learn(text)

    assert not known.swapped("He wants an FBI investigation of it.", "Er will eine FBI-Untersuchung davon.")
    assert known.swapped("He wants an FBI investigation of it.", "Er will eine Szymanski-Untersuchung davon.")


def test_the_only_name_that_is_gone_has_a_strangers_in_its_place() -> None:
    known = Names(*ES).learn([("The hive is old.", "La colmena es vieja."), ("Now Merkel waits.", "Ahora Merkel espera.")])

    assert known.swapped("Later Lindqvist opened the hive.", "Luego Szymanski abrió la colmena.")
    assert not known.swapped("Later they opened the Hive.", "Luego abrieron el Panal."), "hive goes without a capital too, so it is no name"
    assert not known.swapped("In April Lindqvist left.", "En abril Lindqvist se fue.")


@pytest.mark.parametrize(
    ("source", "answer", "languages", "left"),
    [
        ("It sits 45 miles (72 kilometers) south.", "Está 72 kilómetros al sur.", ES, ([], [])),
        ("Designed for SS19.", "Diseñado para 2019.", ES, ([], [])),
        ("At 2pm it rained.", "À 14 h, il a plu.", ("en", "fr"), ([], [])),
        ("At 7 p.m. it rained.", "À 19 h 00, il a plu.", ("en", "fr"), ([], [])),
        ("Fourteen people came.", "14 Menschen kamen.", ("en", "de"), ([], [])),
        ("It is their seventh year.", "Es ist ihr 7. Jahr.", ("en", "de"), ([], [])),
        ("It sits 45 miles south.", "Está al sur.", ES, (["45"], [])),
        ("At 2pm two vans came.", "À 14 h, deux fourgons sont venus.", ("en", "fr"), ([], [])),
        ("At 2pm two vans came.", "À 16 h, deux fourgons sont venus.", ("en", "fr"), ([], ["16"])),
        ("The waves were 20 feet high.", "Olas de hasta seis metros.", ES, ([], [])),
        ("The waves were 20 feet high.", "Olas de hasta siete metros.", ES, (["2"], [])),
        ("About 2 to 3 inches fell.", "Cayeron entre 5 y 8 centímetros.", ES, ([], [])),
        ("Six networks showed what happened in the 1980s.", "6 cadenas mostraron lo que pasó en los años 80.", ES, ([], [])),
        ("The mother-of-three built it a decade later.", "Mère de 3 enfants, elle l’a bâti 10 ans plus tard.", ("en", "fr"), ([], [])),
        ("Seventeen came.", "17 sont venus.", ("en", "fr"), ([], [])),
        ("17 came.", "Dix-sept sont venus.", ("en", "fr"), ([], [])),
        ("7 came.", "Dix-sept sont venus.", ("en", "fr"), (["7"], [])),
        ("They sold 10 cars.", "Vendieron 100 coches.", ES, (["10"], ["100"])),
        ("About 5 percent came.", "Vino el 50 por ciento.", ES, (["5"], ["50"])),
        ("He paid 2.50 dollars for 1,250 of them.", "Pagó 2,5 dólares por 1.250 de ellos.", ES, ([], [])),
        ("It earned 3 billion.", "Ganó 3.000 millones.", ES, ([], [])),
    ],
)
def test_numbers_that_people_write_otherwise(source: str, answer: str, languages: tuple[str, str], left: tuple[list[str], list[str]]) -> None:
    assert unmatched(source, answer, languages) == left


def test_what_was_cut_is_told_by_the_names_at_its_end_and_by_its_meaning() -> None:
    source = "We opened the hive in the morning, and then Tobias Renner counted all of the bees with Marta Lindqvist."
    whole = "Abrimos la colmena por la mañana, y luego Tobias Renner contó todas las abejas con Marta Lindqvist."
    half = "Abrimos la colmena por la mañana, y luego contamos las abejas en el jardín."

    assert faults(source, whole, ES, similarity=0.93) == ()
    assert faults(source, half, ES, similarity=0.87) == ("length",)
    assert faults(source.replace("Tobias Renner", "we").replace("Marta Lindqvist", "them"), half, ES, similarity=0.93) == ()
