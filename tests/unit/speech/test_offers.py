"""What can be pulled agrees with what the profiles want, and with where faster-whisper takes it from."""

from pathlib import Path

from pipeline.config import Settings
from pipeline.speech import models, offers


def test_every_model_that_a_profile_wants_can_be_pulled(tmp_path: Path) -> None:
    names = {offer.name for offer in offers.offers(Settings(home=tmp_path))}

    assert names == {f"whisper-{name}" for wanted in models.WANTED.values() for name in wanted}
    assert [offers.best_of(profile)[0] for profile in ("builtin", "cpu", "gpu")] == ["whisper-base", "whisper-small", "whisper-large-v3-turbo"]


def test_repositories_are_those_of_faster_whisper() -> None:
    from faster_whisper.utils import _MODELS

    assert {name: repository for name, (repository, _, _) in offers.PUBLISHED.items()} == {name: _MODELS[name] for name in offers.PUBLISHED}
