"""The application on a real database, a real Valkey and real embeddings. For the language model stands a small server that says what a test tells it to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pipeline.config import Settings
from pipeline.language.generator import Embedder, open_embedder
from pipeline.store.database import Database
from tests.integration.store.fresh import clear, migrated_database
from tests.integration.web.llm import Model, running_model
from web.app import create_app
from web.services import EXTENSION, Services


@pytest.fixture(scope="package", name="model")
def _model() -> Iterator[Model]:
    with running_model() as model:
        yield model


@pytest.fixture(scope="package", name="settings")
def _settings(servers: Settings, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("web")
    url = migrated_database(servers, "web")
    return Settings(home=home, database_url=url, broker_url=servers.embedded_broker_url, max_upload=200_000, llm_url=model.url)


@pytest.fixture(scope="package", name="embedder")
def _embedder(settings: Settings) -> Iterator[Embedder]:
    embedder = open_embedder(settings, in_process=True)
    yield embedder
    embedder.close()


def make_app(settings: Settings, **parts: Any) -> Flask:
    app = create_app(settings)
    app.testing = True
    app.extensions[EXTENSION].__dict__.update(parts)
    return app


@pytest.fixture(scope="package", name="app")
def _app(settings: Settings, embedder: Embedder) -> Iterator[Flask]:
    app = make_app(settings, embedder=embedder)
    yield app
    services(app).db.dispose()


def services(app: Flask) -> Services:
    found: Services = app.extensions[EXTENSION]
    return found


@pytest.fixture(name="db")
def _db(app: Flask) -> Database:
    db = services(app).db
    clear(db)
    return db


@pytest.fixture(name="client")
def _client(app: Flask, db: Database) -> FlaskClient:
    return app.test_client()


@pytest.fixture(name="files")
def _files(settings: Settings) -> Path:
    return settings.media_dir
