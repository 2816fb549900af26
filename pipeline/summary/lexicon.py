"""Words that mean something to the selection of sentences, by language. Data only: a new language is new entries, no new code.

Keys are ISO 639-1. A language without an entry works too: its stop words are found by counting (words.py) and it has no cues.
"""

from typing import Final


def word_set(text: str) -> frozenset[str]:
    """The words of `text`; written so, long lists stay readable."""
    return frozenset(text.split())


def word_phrases(text: str) -> tuple[str, ...]:
    """The phrases of `text`, divided by bars and squeezed."""
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


STOP: Final[dict[str, frozenset[str]]] = {
    "en": word_set(
        """
        a about above after again against all also am an and any are aren't as at be because been before being below between both but by can
        can't cannot could couldn't did didn't do does doesn't don't down during each else every for from further had hadn't has hasn't have
        haven't having he he'd he'll he's her here hers herself him himself his how i i'd i'll i'm i've if in into is isn't it it's its
        itself just may me might more most must my myself no nor not now of off on once one only or other our ours out over own she should
        shouldn't so than that that's the their them themselves then there there's these they they'd they'll they're they've this those
        through to too under until up us very was wasn't we we'd we'll we're we've were weren't what what's when where which while who whom
        why will with won't would wouldn't yet you you'd you'll you're you've your yours some such
        """
    ),
    "es": word_set(
        """
        a al algo algunas algunos ante antes aquí así aunque bien bueno cada como con contra cosa cosas cual cuando de del desde donde dos el él ella
        ellas ellos en entonces entre era eran es esa esas ese eso esos esta está estaba están estar estas este esto estos estoy fue fueron ha haber
        había han hasta hay he hemos la las le les lo los más me mi mis muy nada ni no nos nosotros o os otra otras otro otros para pero poco por
        porque pues que qué quien se sea ser si sí sido sin sobre somos son soy su sus también tan tanto te tiene tienen todo todos tu tú un una uno
        unos va vamos van y ya yo
        """
    ),
    "fr": word_set(
        """
        à alors au aucun aussi autre aux avec avoir bien bon c'est ça car ce cela ces cet cette chose choses ci comme comment dans de des deux donc du
        elle elles en encore est et être eu eux fait faire fois ici il ils j'ai je la le les leur lui là ma mais me même mes moi mon ne nos notre nous
        on ont ou où par parce pas peu peut plus pour pourquoi qu'il qu'on quand que quel quelle qui quoi sa sans se ses si son sont suis sur ta te
        tes toi ton tous tout toute très tu un une va voilà vos votre vous y était étaient été
        """
    ),
    "de": word_set(
        """
        aber alle allem allen aller alles als also am an auch auf aus bei bin bis bist da damit dann das dass dein dem den der des dich die dies diese
        diesem diesen dieser dieses dir doch dort du durch ein eine einem einen einer eines er es etwas euch für gegen gibt hab habe haben hat hatte
        hier hin ich ihm ihn ihnen ihr ihre im in ist ja jede jeder jedes jetzt kann kein keine können man mehr mein mich mir mit muss nach nicht
        nichts noch nun nur ob oder ohne sehr sein seine sich sie sind so soll über um und uns unter vom von vor war waren warum was weil wenn wer
        werden wie wieder wir wird wo würde zu zum zur zwei
        """
    ),
    "pt": word_set(
        """
        a ao aos aquela aquele aqui as assim até bem cada coisa coisas com como da das de dela dele depois do dos e é ela elas ele eles em então entre
        era essa esse esta está estão este eu foi foram gente há isso isto já lá lhe mais mas me mesmo meu minha muito na não nas nem no nos nós num
        numa o os ou para pela pelo por porque pra quando que quem se sem ser seu sua são só também tem têm tudo um uma vai você vocês
        """
    ),
    "it": word_set(
        """
        a ad ai al alla alle allora anche c'è che chi ci come con così cosa cose cui da dal dalla dei del della delle di dove due e è ed era erano
        essere fa fare gli ha hai hanno ho i il in io l la le lei lo loro lui ma mi mio molto ne nei nel nella no noi non o ogni per perché più poi
        quando quella quelli quello questa queste questi questo qui se sei si sia sono sta stato su sua sul sulla suo te ti tra tu tutti tutto un una
        uno va vi voi
        """
    ),
    "nl": word_set(
        """
        aan al als bij dan dat de der deze die dit doen dus een en er ook gaan gaat geen had heb hebben heeft het hier hij hoe ik in is ja je kan
        kunnen maar me meer met mij mijn moet naar niet nog nou nu of om omdat ons ook op over te toch tot u uit van veel voor waar want waren was wat
        we wel werd wie wij worden wordt zal ze zich zijn zo zou
        """
    ),
}

WEAK: Final[dict[str, frozenset[str]]] = {
    "en": word_set(
        """
        doing even few get gets getting go goes going gonna got kind know let let's like little ll lot lots make makes many maybe mean much
        oh ok okay put quite re really right s said same say says see something sort still t take thing things think ve wanna want way well
        yeah yes actually basically pretty whole big good great nice different able probably exactly definitely literally obviously
        essentially simply usually certainly totally absolutely interesting talking talk called call use used using start started look
        looking come coming came back new old first last next long couple bunch time day people person stuff guy guys part sense case point
        fact example question answer idea number uh um whose whether since ever already ago welcome hello hi seem seems everybody somebody
        nobody anybody everyone someone monday tuesday wednesday thursday friday
        saturday sunday january february march april may june july august september october november december
        gave give gives tell told tells thank thanks please today yesterday tomorrow yourselves ourselves
        whatever made making became become becomes went gone done two three four five six seven eight nine ten years year months month weeks
        week days minutes hours super cool fun happy sure quickly slowly later earlier everything anything nothing happened happens
        happening whenever wherever another others enough rather away without within around across along together almost always never often
        sometimes
        """
    ),
    "es": word_set(
        "hacer hace hizo decir dice dijo ver vez veces gran grande mucho mucha muchos muchas año años día días gente personas parte ejemplo momento hoy gracias uno dos tres"
    ),
    "fr": word_set(
        "faire dit dire voir gens jour jours an ans année années partie exemple moment merci aujourd'hui beaucoup vraiment un deux trois"
    ),
    "de": word_set(
        "machen macht gemacht sagen sagt gesagt sehen jahr jahre jahren tag tage leute menschen teil beispiel danke heute viel viele wirklich eins zwei drei"
    ),
    "pt": word_set(
        "fazer faz fez dizer diz disse ver vez ano anos dia dias gente pessoas parte exemplo obrigado hoje muito muita realmente um dois três"
    ),
    "it": word_set("fare fatto dire dice detto vedere anno anni giorno giorni gente persone parte esempio grazie oggi davvero uno due tre"),
}
"""Words that say little: no title is made of them, and no sentence is chosen for them. They do count when a statement is compared with its sentences."""

CUES: Final[dict[str, tuple[str, ...]]] = {
    "en": word_phrases(
        """
        the question | our question | short answer | we learned | taught us | taught me | told us that | told me that
        | we discovered | it shows that | the whole talk | rule of thumb | the most useful | remember | take home | that was why | the truth is
        | the result | we conclude | proved that | because of that | the secret | the trick | the problem was | that is how |
        the key | the main | the most important | the important | in conclusion | to summarize | in summary | the point is | the bottom line | the
        problem is | the reason | that is why | this means | which means | as a result | therefore | turns out | we found | it follows | in other
        words | the idea | the goal | the answer | the lesson | the biggest | the difference | is called | is defined | consists of | remember that |
        what matters | in short
        """
    ),
    "es": word_phrases(
        """
        la clave | lo más importante | en conclusión | en resumen | el problema es | la razón | por eso | significa que | por lo tanto | la idea | es
        decir | el objetivo | se llama | la diferencia | consiste en
        """
    ),
    "fr": word_phrases(
        """
        la clé | le plus important | en conclusion | en résumé | le problème | la raison | c'est pourquoi | cela signifie | par conséquent | l'idée |
        c'est-à-dire | l'objectif | s'appelle | la différence | consiste à
        """
    ),
    "de": word_phrases(
        """
        der schlüssel | das wichtigste | zusammenfassend | das problem ist | der grund | deshalb | das bedeutet | daraus folgt | die idee | mit
        anderen worten | das ziel | heißt | der unterschied | besteht aus
        """
    ),
    "pt": word_phrases(
        """
        a chave | o mais importante | em conclusão | em resumo | o problema é | a razão | por isso | significa que | portanto | a ideia | ou seja | o
        objetivo | chama-se | a diferença | consiste em
        """
    ),
    "it": word_phrases(
        """
        la chiave | la cosa più importante | in conclusione | in sintesi | il problema è | la ragione | per questo | significa che | quindi | l'idea |
        cioè | l'obiettivo | si chiama | la differenza | consiste in
        """
    ),
}
"""Phrases with which speakers announce what matters."""

ABOUT: Final[dict[str, tuple[str, ...]]] = {
    "en": word_phrases(
        """
        in this video | in this talk | in this lecture | in this episode | today we | today i | today's | going to talk about | talk about | this is
        about | this video is | we will look at | we'll look at | we're going to | i'm going to | i want to | our topic | the topic | we discuss |
        we'll discuss | learn how | the story of
        """
    ),
    "es": word_phrases(
        """
        en este video | en este vídeo | en esta charla | hoy vamos | hoy hablamos | vamos a hablar | el tema
        """
    ),
    "fr": word_phrases(
        """
        dans cette vidéo | aujourd'hui | nous allons parler | on va parler | le sujet
        """
    ),
    "de": word_phrases(
        """
        in diesem video | in diesem vortrag | heute | es geht um | wir sprechen über | das thema
        """
    ),
    "pt": word_phrases(
        """
        neste vídeo | nesta palestra | hoje vamos | vamos falar | o tema
        """
    ),
    "it": word_phrases(
        """
        in questo video | oggi | parleremo di | il tema
        """
    ),
}
"""Phrases with which speakers say what the whole is about: wanted in a gist, unwanted in a point."""

CHATTER: Final[dict[str, tuple[str, ...]]] = {
    "en": word_phrases(
        """
        welcome | hello everyone | hi everyone | hey everyone | good morning | good afternoon | good evening | thanks for | thank you | my name is |
        see you | next time | next week | next video | how are you | nice to meet | great to be | happy to be | applause | laughter | can you hear me
        | by the way | goodbye | bye bye | i'm your host | joined by | joining us | joining me | let me know | leave a comment | in the comments |
        stay tuned | take care | great question | good question | any questions | go ahead | i guess | you know what i mean | i don't know | show
        notes | slack channel | our next guest
        """
    ),
    "es": word_phrases(
        """
        bienvenid | hola a todos | buenos días | buenas tardes | gracias por | muchas gracias | me llamo | nos vemos | hasta luego | próximo video |
        próximo vídeo
        """
    ),
    "fr": word_phrases(
        """
        bienvenue | bonjour | bonsoir | merci | je m'appelle | à bientôt | prochaine vidéo | au revoir
        """
    ),
    "de": word_phrases(
        """
        willkommen | hallo | guten tag | guten morgen | danke | vielen dank | mein name ist | bis zum nächsten | nächsten video | tschüss
        """
    ),
    "pt": word_phrases(
        """
        bem-vind | olá | bom dia | boa tarde | obrigad | meu nome é | até a próxima | próximo vídeo
        """
    ),
    "it": word_phrases(
        """
        benvenut | ciao a tutti | buongiorno | buonasera | grazie | mi chiamo | ci vediamo | prossimo video
        """
    ),
}
"""Greetings, thanks and stage talk."""

SPONSOR: Final[tuple[str, ...]] = word_phrases(
    """
    sponsored by | sponsor of this | today's sponsor | our sponsor | sponsor for today | brought to you by | promo code | discount code | use code |
    use the code | coupon code | free trial | % off | percent off | first month free | link in the description below to get | sign up at | sign up
    today at | patrocinado por | patrocina | código de descuento | sponsorisé par | code promo | gesponsert | unser sponsor | rabattcode | patrocinado
    pela | código promocional | cupom | sponsorizzato da | codice sconto
    """
)
"""One of these makes a sentence part of an advertisement."""

SPONSOR_NEAR: Final[tuple[str, ...]] = word_phrases(
    """
    a word from | say a word about | quick word | now back to | back to the video | back to the show | back to our | makes this possible | makes them possible
    | support the show | support the channel | thank you to | thanks to our | before i go on | before we continue |
    dot com slash | .com/ | link in the description | link below | check out | check them out | sign up | free for | subscription | our partners | go
    to | head over to | offer | listeners | enlace en la descripción | lien dans la description | link in der beschreibung | link na descrição | link
    in descrizione
    """
)
"""These count only within a few sentences of one of SPONSOR."""

SUBSCRIBE: Final[tuple[str, ...]] = word_phrases(
    """
    subscribe | hit the bell | like button | give this video a like | smash that like | leave us a review | share this video | suscríb | suscrib |
    dale a like | abonnez-vous | abonniert | abonniere | inscreva-se | se inscreva | iscriviti | iscrivetevi | チャンネル登録 | 订阅 | 訂閱 | 구독 | подпис
    """
)

LEADS: Final[dict[str, tuple[str, ...]]] = {
    "en": word_phrases(
        """
        so | and | but | well | now | okay | ok | alright | all right | right | you know | i mean | um | uh | yeah | yes | like | basically | actually
        | and so | because | of course | i think | i guess | look | you see | again | anyway | oh | sure | also | then | or
        """
    ),
    "es": word_phrases(
        """
        y | pero | entonces | bueno | pues | eh | o sea | es decir | así que | ahora | bien | porque
        """
    ),
    "fr": word_phrases(
        """
        et | mais | donc | alors | bon | ben | euh | voilà | bah | car | parce que
        """
    ),
    "de": word_phrases(
        """
        und | aber | also | ja | naja | äh | ähm | nun | denn | gut
        """
    ),
    "pt": word_phrases(
        """
        e | mas | então | bem | bom | é | agora | porque | aí
        """
    ),
    "it": word_phrases(
        """
        e | ma | allora | beh | ehm | quindi | ecco | però | perché
        """
    ),
}
"""Words that join a sentence to the one before: a quote reads better without them, and stays word for word what was said."""

DEICTIC: Final[dict[str, frozenset[str]]] = {
    "en": word_set("this that these those it it's that's they they're he she he's she's there here which who its their his her them"),
    "es": word_set("esto eso este esta ese esa estos esas ellos ella él ahí aquí"),
    "fr": word_set("ça cela ce c'est il elle ils elles ceci celui celle"),
    "de": word_set("das dies er sie es diese dieser dieses da"),
    "pt": word_set("isso isto este esta esse essa ele ela eles elas aí"),
    "it": word_set("questo questa quello quella lui lei loro ciò"),
}
"""A sentence that begins so leans on one that the reader does not see."""

CLINGING: Final[dict[str, frozenset[str]]] = {
    "en": word_set("to into of from with that which who whose whom than or nor as at by per via and not plus including such"),
    "es": word_set("de del con que cuyo a al por para como ni sino"),
    "fr": word_set("de du des avec que qui dont à par pour comme ni"),
    "de": word_set("von mit dass zu noch sondern"),
    "pt": word_set("de do da com que a ao por para como nem"),
    "it": word_set("di del della con che a al per da come né"),
}
"""A piece that begins so was cut from a sentence before it."""

FIRST_PERSON: Final[dict[str, frozenset[str]]] = {
    "en": word_set("i i'm i've i'd i'll me my myself"),
    "es": word_set("yo me mi"),
    "fr": word_set("je j'ai me moi mon"),
    "de": word_set("ich mich mir mein meine"),
    "pt": word_set("eu me meu minha"),
    "it": word_set("io mi mio mia"),
}

SECOND_PERSON: Final[dict[str, frozenset[str]]] = {
    "en": word_set("you you're you've you'll your"),
    "es": word_set("te tú tu usted"),
    "fr": word_set("tu te ton vous"),
    "de": word_set("du dich dir dein"),
    "pt": word_set("tu te você"),
    "it": word_set("tu ti tuo"),
}

CLAUSE_OPENERS: Final = word_set(
    """
    so but and because now then okay well if when while although however therefore which where since unless that's y pero entonces porque cuando
    aunque mais et donc parce alors und aber weil denn wenn also mas então e porque quando ma quindi perché
    """
)
"""Words before which speech without punctuation may be cut."""

DANGLING: Final = word_set(
    """
    a an the of to in on at by with from for and or but if so that as is are was were be been it's that's there's i i'm we we're you you're they
    they're he she my your our their his her its very really just not like because can could will would should have has had do does to into this these
    those el la los las un una de del en y o que con por para le les des du et ou qui dans sur der die das ein eine und oder im mit von zu zum zur den
    dem o os as da do em e il lo gli di
    """
)
"""A clause does not end with one of these."""

MOVES: Final[tuple[str, ...]] = word_phrases(
    """
    let's move | let's talk | let's turn | let's look | let's switch | let's start | let's begin | let us | moving on | next | first | second | third
    | fourth | finally | lastly | the next | another topic | another question | chapter | part  | in conclusion | to conclude | to summarize | what
    about | how about | turning to | pasemos | ahora vamos | por último | primero | segundo | passons | enfin | premièrement | deuxièmement | kommen
    wir | schließlich | zum schluss | erstens | zweitens | agora vamos | por fim | primeiro | passiamo | infine | primo | secondo
    """
)
"""Beginnings with which speakers turn to something new."""

JOINERS: Final = word_set("so and okay ok now alright right well then but um uh bueno y ahora alors bon et so also nun und então e allora")
"""Small words that may stand before one of MOVES."""
