"""Questions about a whole video are told from questions about something in it."""

import pytest

from pipeline.library.about import asks_about


@pytest.mark.parametrize(
    "question",
    [
        "What is the talk about?",
        "What's this video all about?",
        "what’s it about",
        "What is this about?",
        "What are these videos about?",
        "What were the talks about?",
        "Summarize this video.",
        "Please summarise the whole lecture",
        "TL;DR",
        "Give me a short summary",
        "What are the main points of this talk?",
        "What is the main topic?",
        "What does the video talk about?",
        "¿De qué trata este vídeo?",
        "¿De qué va?",
        "Resume la charla",
        "¿Cuál es el tema principal?",
        "Worum geht es?",
        "Worum geht es in diesem Video?",
        "Wovon handelt der Vortrag?",
        "Fasse das Video zusammen",
        "De quoi parle cette vidéo ?",
        "De quoi s’agit-il ?",
        "Résume la conférence",
        "Do que trata o vídeo?",
        "Sobre o que é a palestra?",
        "Di cosa parla il video?",
        "Riassumi la lezione",
    ],
)
def test_the_whole(question: str) -> None:
    assert asks_about(question)


@pytest.mark.parametrize(
    "question",
    [
        "What did the group say about the budget?",
        "Summarize the discussion about the remote control",
        "What is the bench about?",
        "What is known about Keiko Lindgren?",
        "What are the main reasons for the delay?",
        "Who gave the talk?",
        "How long is the video?",
        "¿De qué habla Keiko?",
        "Resume lo que se dijo del agua",
        "Worum geht es bei den Bänken?",
        "De quoi parle Keiko ?",
        "Do que fala a Keiko?",
        "Di cosa parla Keiko?",
        "?",
    ],
)
def test_a_part(question: str) -> None:
    assert not asks_about(question)
