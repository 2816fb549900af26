"""`nutshell models list`: which models are used and why, which are there, and which could be pulled."""

import click

from pipeline.config import Settings
from pipeline.hub import marker
from pipeline.hub.lookup import Offer
from pipeline.language import offers as language, translation_offers as translation
from pipeline.language.adapters import PACKAGED, adapter_for
from pipeline.language.engines import engines_of
from pipeline.language.profiles import choose_llm, name_of_llm
from pipeline.speech import offers as speech
from pipeline.speech.models import choose as choose_speech
from workers.prepare import missing_models


def catalogue(settings: Settings) -> tuple[Offer, ...]:
    """All models that can be pulled, those that are there already among them."""
    return (*language.offers(settings), *speech.offers(settings), *translation.offers(settings))


def print_models(settings: Settings) -> None:
    missing = missing_models(settings)
    for name in missing:
        click.echo(f"missing    {name}")
    if not missing:
        _print_used(settings)
    click.echo()
    for offer in catalogue(settings):
        if offer.name.startswith("translate-") and not offer.there:
            continue
        state = "installed" if offer.there else "to pull"
        click.echo(f"{state:<10} {offer.name:<23} about {offer.gigabytes:4.1f} GB  {offer.licence:<25} {(marker.read(offer.folder) or {}).get('repository') or offer.repository}")
    click.echo(f"to pull    translate:CODE          about  {2 * translation.GIGABYTES:.1f} GB  {translation.LICENCE:<25} {translation.spelled()}")


def _print_used(settings: Settings) -> None:
    if settings.llm_url:
        click.echo(f"language   {settings.llm_name or 'what it offers'} at {settings.llm_url}")
    else:
        llm = choose_llm(settings)
        click.echo(f"language   {llm.path.name}: {llm.reason}")
        click.echo(f"adapter    {used_adapter(settings)}")
    chosen = choose_speech(settings)
    click.echo(f"speech     whisper-{chosen.name}: {chosen.reason}")
    click.echo("meaning    multilingual-e5-small")
    for engine in engines_of(settings):
        pairs = ", ".join(f"{source}→{target}" for source, target in sorted(engine.pairs))
        click.echo(f"translate  {engine.way}: {pairs or 'no pairs'}{' (rough)' if pairs and engine.rough else ''}")


def used_adapter(settings: Settings) -> str:
    """Which fine-tuned weights are added to the language model's own."""
    folder = adapter_for(settings, name_of_llm(settings))
    if folder is None:
        return "none: the model is used as it comes"
    if folder.parent == PACKAGED:
        return "the one that comes with Nutshell"
    return f"{folder}{'' if settings.llm_adapter else ' (`nutshell models back` takes it out of use)'}"
