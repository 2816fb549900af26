"""How a question leans on the one before it, language by language. Data only; follow.py has the rules.

All but the sets are regular expressions, matched without regard to capitals. A new language is a row of WORDS.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    asking: str
    """Question words; longer ones first."""
    bound: str
    """Of these, those with their noun or their subject in them ("how many buses", "who counted"): another cannot stand in their place."""
    joining: str
    """"And", "but": what a question begins with that goes on."""
    bare: str
    """What may follow a question word that stands alone: "why was that"."""
    about: str
    """"What about", "and with": what comes after it takes the place of what the last question was about."""
    beside: str
    """"In", "after": with what comes after it, "and in 2020?" goes to the end of the last question."""
    determiner: str
    ends: str
    """Words that no noun phrase goes on over: verbs, and prepositions but "of"."""
    people: str
    """Pronouns in whose place a name can stand."""
    things: str
    """Pronouns in whose place a noun phrase can stand."""
    leaning: str
    """Words that lean too, and in whose place nothing fits: "su", "leur", "davon", pronouns before a verb."""
    common: frozenset[str]
    """Words that begin a sentence with a capital and are no names."""
    turned: tuple[tuple[str, str], ...] = ()
    """What becomes of a noun phrase after "what about", so that it can be what is spoken of: "de los" to "los"."""
    owning: frozenset[str] = frozenset()
    """Pronouns that become "Keiko’s"."""
    marks: tuple[str, str] = ("", "?")
    capital_nouns: bool = False
    """Only two words with capitals in a row are a name."""
    drops_pronouns: bool = False
    """"And what did she teach?" is said without "she"."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ENGLISH = Words(
    asking=r"how (?:much|many|long|old|far|often|deep|high|cold)|why|how|when|where|who|what|which",
    bound=r"how (?:much|many)|which|(?:who|what)(?! (?:did|do|does|is|are|was|were|has|have|had|can|could|will|would|should|must|may)\b)",
    joining=r"and|but|so|or|also|then|ok(?:ay)?",
    bare=r"(?:is|was|did|does) (?:that|this|it|so)|not",
    about=r"(?:what|how) about |and (?:for|with) ",
    beside=r"in|on|at|after|before|since|until|during",
    determiner=r"the|an?|his|her|their|its|my|our|these|those|that|this",
    ends=r"cost|take|say|do|get|make|have|need|want|happen|use|find|think|mean|look|work|start|begin|end|stop|go|come|run|carry|break|last|help|learn|tell|give|put|see|know|show|"
    r"keep|call|talk|change|move|pay|build|bring|become|feel|live|ask|drill|teach|miss|expect|plan|is|are|was|were|has|have|had|in|on|at|for|with|from|to|into|by|about|than|as|after|before",
    people=r"she|he|her|him|hers|his",
    things=r"(?:it|they|them|its|their|theirs|that|this|these|those)(?!\s+(?:video|talk|lecture|meeting|episode|podcast|year|way|time|day)\b)",
    leaning=r"(?!)",
    common=_set(
        "who what when where why how which the a an and but so in on at did does is are was were do it this that they we you i my our his her their there here if of for from with "
        "yes no not one then also now some many most all every each after before because as to by can could will would should may must has have had"
    ),
    owning=frozenset({"her", "his", "its", "their", "hers", "theirs"}),
)  # fmt: skip
_SPANISH = Words(
    asking=r"(?:a|de|con|en|por|para|desde|hasta) (?:quién(?:es)?|dónde|qué|cuándo)|por qué|cuánt[oa]s?|cuándo|cómo|dónde|quién(?:es)?|cuál(?:es)?|qué",
    bound=r"cuánt[oa]s|cuánta|quién(?:es)?|cuál(?:es)?|qué (?!\w+(?:ó|ió|aron|ieron|aba|ía|e|a|an|en)\b)",
    joining=r"y|e|pero|entonces|o|también",
    bare=r"(?:fue|es|era) (?:eso|así)|eso|no|así",
    about=r"qué (?:hay|pasa|pasó) (?:de |con |(?=del ))|y (?:con|para|sobre) ",
    beside=r"en|después de|antes de|desde|hasta|durante",
    determiner=r"el|la|los|las|un[oa]?s?|su|sus|mi|nuestr[oa]s?|est[ea]s?|es[ea]s?|estos|esos|del|al",
    ends=r"en|para|con|por|sobre|desde|hasta|a|que|es|son|fue|fueron|era|está|están|ha|han|había|hay|costó|costaron|empezó|terminó|tiene|tienen|hizo|hicieron|dijo|pagó",
    people=r"ella|él",
    things=r"ell[oa]s|eso|esto",
    leaning=r"sus?|(?:l[oa]s?|les?) (?:ha|han|había\w*|\w+(?:ó|aron|ieron|aban?|ían?))|allí|ahí",
    common=_set("el la los las un una unos unas y pero en de que qué por para con su sus se lo le no sí es son fue era hay este esta esto eso ella él cuando como donde a al del nos yo"),
    turned=((r"^del ", "el "), (r"^al ", "el ")),
    marks=("¿", "?"),
    drops_pronouns=True,
)  # fmt: skip
_GERMAN = Words(
    asking=r"(?:mit|von|für|bei|zu|an|auf) (?:wem|wen|was)|"
    r"wie (?:viele?s?|lange?|alt|oft|weit|tief|hoch|kalt|teuer)|wieso|weshalb|warum|woher|wohin|womit|wovon|wann|wie|wo|wer|wen|wem|was|welche[rsmn]?",
    bound=r"wie viele|wer|welche[rsmn]?",
    joining=r"und|aber|oder|also|dann|auch",
    bare=r"(?:war|ist) (?:das|es)(?: so)?|das|nicht|denn",
    about=r"(?:was|wie) (?:ist|war|sieht es)(?: denn)? mit |und (?:mit|bei|für|von) ",
    beside=r"in|im|am|nach|vor|seit|bis|während",
    determiner=r"der|die|das|den|dem|des|eine?[rnms]?|sein[ersmn]*|ihr[ersmn]*|unser[ersmn]*|mein[ersmn]*|diese[rsmn]?",
    ends=r"in|im|am|an|auf|mit|für|bei|von|vom|zu|zum|zur|aus|nach|ist|sind|war|waren|hat|haben|wird|wurde|wurden",
    people=r"(?-i:er|ihm|ihn|(?<!haben )(?<!sind )(?<!waren )(?<!wurden )(?<!werden )(?<!kosten )(?<!ten )sie)",
    things=r"(?-i:sie|es|ihnen|diese)",
    leaning=r"(?-i:ihr(?:e[rnms]?)?|seine?[rnms]?|davon|damit|dazu|darüber|dafür|daran|dort|das(?= (?:so|alles|passiert|gemacht|gesagt)\b|$))",
    common=_set("der die das den dem des ein eine einer und aber oder in im an am auf mit für bei von zu aus wir ich sie er es ihr man hier dort da dann wenn weil als wie was wer ja nein nicht"),
    turned=((r"^den (\w+e[rl])n$", r"die \1"), (r"^den (\w+n)$", r"die \1")),
    capital_nouns=True,
)  # fmt: skip
_FRENCH = Words(
    asking=r"(?:à|de|avec|pour|par|chez|depuis|d['’]) ?(?:qui|quoi|où|quand)|pourquoi|combien(?: de| d['’])?|comment|quand|où|qu['’]est-ce qu(?:e|['’]|i)|que(?:l(?:le)?s?)?|qui|quoi",
    bound=r"combien (?:de|d['’])|que(?:l(?:le)?s?)|qui|qu['’]est-ce qui",
    joining=r"et|mais|alors|ou|donc|aussi",
    bare=r"(?:était-ce|est-ce)(?: ça)?|ça|cela|pas|donc",
    about=r"(?:qu['’]en est-il|qu['’]est-ce qu['’]il en est) (?:d['’]|de |(?=des |du ))|et (?:pour|avec|sur) ",
    beside=r"en|dans|après|avant|depuis|jusqu['’]à|pendant",
    determiner=r"le|la|les|l['’]|un|une|des|du|au|aux|son|sa|ses|leurs?|mon|ma|mes|notre|nos|ces?|cette|cet",
    ends=r"en|dans|pour|avec|par|sur|chez|à|qui|que|est|sont|était|étaient|a|ont|avait|va|vont|a-t-(?:il|elle|on)|ont-(?:ils|elles)|coûte(?:nt)?|commence|finit",
    people=r"(?<!['’])elle|(?<!-t-)lui|(?<!-)il(?! (?:y a|faut))",
    things=r"elles|ils|ça|cela|ceux-ci|celles-ci",
    leaning=r"son|sa|ses|leurs?|(?:les |l['’])(?:a|ont|avait|avaient)|qu['’](?:elles?|ils?)|y|en (?:a|ont|avait)|\w+-(?:t-)?(?:ils?(?! y)|elles?)",
    common=_set("le la les un une des du de et mais ou donc en dans pour avec par sur qui que quoi quand où il elle ils elles on nous vous je ce cette ces son sa ses leur y a est sont oui non pas"),
    turned=((r"^des ", "les "), (r"^du ", "le ")),
    marks=("", " ?"),
)  # fmt: skip
_PORTUGUESE = Words(
    asking=r"(?:a|de|com|em|por|para|desde|até) (?:quem|onde|quê|que)|por ?qu[eê]|quant[oa]s?|quando|como|onde|aonde|quem|qua(?:l|is)|o que|que",
    bound=r"quant[oa]s|quanta|quem|qua(?:l|is)",
    joining=r"e|mas|então|ou|também",
    bare=r"(?:foi|é|era) (?:isso|assim)|isso|não|assim",
    about=r"(?:o )?que (?:há com|acontece com) |e (?:com|para|sobre|quanto) ",
    beside=r"em|n[oa]s?|depois d[eoa]s?|antes d[eoa]s?|desde|até|durante",
    determiner=r"[oa]s?|uma?s?|uns|seus?|suas?|meus?|minhas?|noss[oa]s?|est[ea]s?|ess[ea]s?|aquel[ea]s?|d[oa]s?|n[oa]s?",
    ends=r"em|para|com|por|sobre|desde|até|que|é|são|foi|foram|era|está|estão|tem|têm|há|custou|custaram|começou|terminou|fez|fizeram|disse|pagou",
    people=r"ela|ele",
    things=r"el[ae]s|isso|isto",
    leaning=r"d?el[ae]s?|seus?|suas?|[oa]s? \w+(?:ou|eu|iu|aram|eram|iram)|lá|ali|lhes?",
    common=_set("o a os as um uma uns umas e mas em de que por para com seu sua se não sim é são foi era há este esta isto isso ela ele eles elas quando como onde ao do da no na nós eu"),
    turned=((r"^ao(s?) ", r"o\1 "), (r"^à(s?) ", r"a\1 "), (r"^a (?=[A-Z])", "")),
    drops_pronouns=True,
)  # fmt: skip
_ITALIAN = Words(
    asking=r"(?:a|di|con|in|per|da|fino a) (?:chi|che cosa|dove|quando|cosa)|perch[eé]|quant[oaie]|quando|come mai|come|dove|chi|qual(?:e|i)?|che cosa|cosa|che",
    bound=r"quant[ie]|quanta|chi|qual(?:e|i)?|che(?! cosa)",
    joining=r"e|ed|ma|allora|o|anche|poi",
    bare=r"(?:è|era|fu)(?: stato)? (?:questo|così)|questo|no|mai",
    about=r"(?:e )?(?:che )?(?:ne|cosa) (?:è|mi dici|dici) (?:di |(?=de))|e (?:con|per) ",
    beside=r"in|ne(?:l|i|gli|lle?|llo|l['’])|dopo|prima d(?:i|el(?:la)?)|da|fino a|durante",
    determiner=r"il|lo|la|i|gli|le|l['’]|un[oa]?|un['’]|suo|sua|suoi|sue|mi[oa]|nostr[oaie]|quest[oaie]|quel(?:l[oaie])?|quei|quegli|del(?:l[ao]|l['’])?|dei|degli|delle|al|ai|alle",
    ends=r"in|per|con|su|da|a|che|è|sono|era|erano|ha|hanno|aveva|c['’]è|ci|costa|costano|costò|cominciato|iniziato|cominciò|ha detto|fece|disse",
    people=r"lei|lui|egli",
    things=r"loro|ess[aeio]|ciò|questo",
    leaning=r"suo|sua|suoi|sue|gliel[oaie]|(?:l[aei]|l['’]|gli|lo|ne) ?(?:ha|hanno|aveva\w*|è|sono)|lì|là",
    common=_set("il lo la i gli le un una uno e ed ma in di che per con su da suo sua si non sì no è sono era c'è ci questo questa quello lei lui loro quando come dove al del della nel noi io"),
    turned=((r"^del ", "il "), (r"^dello ", "lo "), (r"^della ", "la "), (r"^dell['’]", "l’"), (r"^dei ", "i "), (r"^degli ", "gli "), (r"^delle ", "le ")),
    drops_pronouns=True,
)  # fmt: skip
WORDS = {"en": _ENGLISH, "es": _SPANISH, "de": _GERMAN, "fr": _FRENCH, "pt": _PORTUGUESE, "it": _ITALIAN}
