"""Words that decide whether a statement says what its sentences say (verify.py). Data only, for the languages that summaries are phrased in so far; others pass the other checks."""

from typing import Final

from pipeline.summary.lexicon import word_phrases, word_set

NEGATIONS: Final = word_set(
    """
    not no never none nobody nothing neither nor without cannot can't don't doesn't didn't won't wouldn't shouldn't couldn't isn't aren't wasn't
    weren't haven't hasn't hadn't ain't mustn't needn't hardly rarely scarcely unable lack lacks fail fails failed nunca jamás nada nadie ningún
    ninguna sin tampoco ni jamais rien aucun aucune sans ne pas nicht kein keine keinen keiner nie niemals nichts ohne não nunca nada nenhum nenhuma
    sem non mai niente nessuno nessuna senza niet geen nooit niets zonder nessun weder niemand keinem keines nulle ninguém nenhuns
    не нет ни никогда никто ничего нельзя без नहीं न मत बिना لا لم لن ليس ليست بدون
    """
)
"""Words that turn a statement round. A statement has one where, and only where, its sentences have one."""

DENIALS: Final = word_set(
    """
    deny denies denied refuse refuses refused false untrue myth impossible niega negó falso falsa mito leugnet bestreitet falsch nega negou falso faux fausse
    """
)
"""Words that deny what follows without a negation in them."""

NEGATING_SIGNS: Final[tuple[str, ...]] = tuple("没 沒 不 未 無 无 ません ない なく なかっ ぬ ไม่".split())
"""Negations of scripts without spaces. Some words have them and deny nothing (不同, "different"): a statement is then refused, and the sentence itself shown."""

CARRIERS: Final = word_set(
    """
    think thought believe believed know knew want wanted sure true say said mean meant proven proved certain convinced expect expected guess feel felt clear
    creo cree pienso seguro verdad crois pense sûr vrai glaube denke sicher wahr acho penso certo verdade
    """
)
"""Words that hand a negation on: "I do not think that we need it" denies the need."""

ADVERBS: Final = word_set(
    """
    really actually ever even just yet quite necessarily exactly very so too always particularly also still realmente siempre vraiment toujours wirklich immer
    realmente sempre
    """
)
"""Words between a negation and what it denies."""

HEDGES: Final = word_set(
    """
    if unless may might could would maybe perhaps probably possibly likely almost nearly seems seem supposedly allegedly only few until except suppose
    imagine whether wrong myth false claim claims believe believed si quizá quizás podría podrían casi solo sólo peut-être presque seulement sauf wenn
    falls vielleicht könnte könnten fast nur außer talvez poderia quase apenas forse potrebbe quasi solo
    """
)
"""Words that limit a statement. What was said with one is not repeated without it."""

SEVERABLE: Final[dict[str, frozenset[str]]] = {
    "en": word_set(
        """
        and or but because since so that which who whom whose when while where whether if unless as to of in on at by with from for about after before until till
        through during without within under over between into onto across against among around behind beyond despite except like near toward towards upon via per
        """
    ),
    "es": word_set("y o e u pero que quien porque pues cuando donde mientras si como a de en con por para desde hasta sin sobre tras entre hacia según durante"),
    "de": word_set(
        """
        und oder aber dass weil denn wenn als wie ob wo während nachdem bevor in an am im auf mit von vom zu zum zur für
        aus bei beim bis ohne um über unter nach vor seit durch gegen wegen
        """
    ),
    "fr": word_set("et ou mais que qui quand où lorsque parce puisque comme si à au aux de du des dans sur avec pour par sans sous vers chez entre depuis pendant en"),
    "pt": word_set("e ou mas que quem porque quando onde enquanto se como em no na de do da com por para sem sobre até entre"),
    "it": word_set("e o ma che chi perché quando dove mentre se come di da in al con su per tra fra senza dopo prima"),
}
"""What is left out at the end of a sentence may begin with one of these; before another word, a clause would be cut in two."""

OF: Final[dict[str, frozenset[str]]] = {
    "en": word_set("of"),
    "es": word_set("de del"),
    "fr": word_set("de du des"),
    "de": word_set("von vom"),
    "pt": word_set("de do da dos das"),
    "it": word_set("di del dello della dei degli delle"),
}
"""Words between a noun and what it is of."""

BOUNDS: Final = word_set(
    """
    about around roughly approximately almost nearly over under more less fewer least most up between only unos unas casi más menos environ presque plus moins etwa ungefähr rund fast mehr weniger
    cerca quase mais menos circa quasi più meno
    """
)
"""Words before a number that change what it says: kept where they were."""

STRENGTH: Final = word_set(
    """
    all every always everyone everybody must certainly definitely best worst most biggest largest greatest first ever entirely completely todos todas
    siempre tous toutes toujours alle immer todos sempre tutti
    """
)
"""Words that make a statement stronger: never added."""

GLUE: Final = word_set(
    """
    explain explains explained describe describes mean means meaning include includes including involve involves allow allows help helps show shows
    cause causes caused lead leads become becomes became require requires provide provides contain contains consist consists refer refers reason
    result due since while during although however also another both either such within among between according despite whereas thus therefore instead
    rather via per used uses using use known called based order process
    """
)
"""Words that a statement may add: they join, they say nothing by themselves."""

PAST: Final = word_set("was were wasn't weren't had hadn't")
"""What is told with one of these was said with one: minutes of meetings, which the built-in model learned from, are in the past; "Schnorr signatures are smaller" is no news of then."""

COMPANY: Final = word_set("team group meeting members participants committee marketing panel colleagues")
"""People who act together in minutes of meetings. Of one who speaks alone it is not said that "the team agreed"."""

PRATTLE: Final[tuple[str, ...]] = word_phrases(
    """
    transcript | the sentence | the speaker | the text | the passage | the statement | the original | the author | the video | this video | the user |
    the answer | the main point | the question | here is | here's | sure, | certainly | i'm sorry | i am sorry | as an ai | language model | rewritten
    | rephrase | revised | short: | said: | statement: | shorten | summary | summarize | paraphrase | [1] | [2] | (1) | sentence 1 | im_start | im_end | ### | http |
    ``` | **
    """
)
"""What a model says about its task instead of doing it, unless the sentences say it too."""
