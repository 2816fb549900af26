"""Which language a page comes in."""

import re

from flask.testing import FlaskClient

from pipeline.config import Settings
from tests.integration.web.conftest import make_app


def test_the_language_of_the_page_is_chosen_set_or_asked_for(client: FlaskClient) -> None:
    def lang(**headers: str) -> str:
        return re.search(r'<html lang="(\w+)" dir="(\w+)"', client.get("/help", headers=headers).text)[0]

    assert lang() == '<html lang="en" dir="ltr"'
    assert lang(**{"Accept-Language": "fr, de-AT;q=0.8, en;q=0.1"}) == '<html lang="de" dir="ltr"'
    assert lang(**{"Accept-Language": "ja"}) == '<html lang="en" dir="ltr"'
    assert client.post("/language", data={"language": "xx"}).status_code == 400
    assert client.post("/language", data={"language": "ar"}, headers={"Referer": "http://localhost/help"}).headers["Location"] == "/help"
    assert lang(**{"Accept-Language": "de"}) == '<html lang="ar" dir="rtl"'
    assert client.get("/api/v1/nothing", headers={"Accept-Language": "de"}).json["detail"].startswith("There is nothing"), "programs read English"
    client.delete_cookie("language")


def test_the_setting_stands_for_what_browsers_ask_for(settings: Settings) -> None:
    app = make_app(settings.model_copy(update={"ui_language": "es"}))
    found = app.test_client().get("/help", headers={"Accept-Language": "de"}).text

    assert '<html lang="es" dir="ltr"' in found
    assert "Cómo funciona Nutshell" in found
