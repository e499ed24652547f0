"""Which passwords are refused. Length is what protects; no rule asks for signs of several kinds.

A password is refused when it is short, or when somebody guessing would try it first: a common word with digits around
it, keys in a row, one pattern repeated, or the person's own e-mail, name or company.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from portal.common.errors import Invalid
from portal.common.text import fold

MIN_LENGTH = 12
MAX_LENGTH = 128
_ENOUGH_OF_ONES_OWN = 6

# Words people take when asked for a password, without accents or spaces; French first.
_COMMON_WORDS = frozenset(
    """
    motdepasse motdepass monmotdepasse lemotdepasse nouveaumotdepasse motdepasseoublie mdp secret secrets codesecret
    moncodesecret passe sesame ouvretoi ouvretoisesame bonjour bonsoir bonjourbonjour salut coucou bienvenue merci
    aurevoir ciao hello welcome welcomeback goodbye azerty azertyuiop qwerty qwertyuiop qwertz qsdfgh qsdfghjklm wxcvbn
    wxcvbnm asdfgh asdfghjkl zxcvbn zxcvbnm aqwzsx azeqsd azeqsdwxc qazwsx qazwsxedc poiuytreza password passwords
    mypassword newpassword passwort contrasena parola passw pass passphrase letmein letmeinnow iloveyou iloveyousomuch
    admin administrator administrateur administration root superuser utilisateur user guest invite demo test tests
    testtest testeur essai exemple example changeme changemenow changezmoi changermoi default defaut temporaire temp
    provisoire nouveau nouvelle princesse prince princess chouchou doudou loulou loulette nounours bisous bisounours
    jetaime jetaimefort jetadore teamo monamour amour amoureux amoureuse toujours lovely love lover mylove cheval chien
    chienchien chat chaton minou minette lapin poussin papillon licorne dauphin panthere tigre lion dragon loup renard
    tournesol fleur fleurs fleuriste soleil lune etoile etoiles arcenciel printemps automne hiver ete noel vacances
    dimanche lundi mardi mercredi jeudi vendredi samedi janvier fevrier mars avril mai juin juillet aout septembre
    octobre novembre decembre chocolat caramel vanille fraise framboise cerise banane ananas pizza nutella camembert
    football foot rugby tennis basket marseille olympique olympiquemarseille allezlom psg parissg parissaintgermain
    parissg paris lyon bordeaux lille nantes toulouse nice strasbourg rennes monaco bretagne normandie alsace france
    vivelafrance allezlesbleus francais francaise liberte egalite fraternite libertegalitefraternite marianne zidane
    zinedine mbappe griezmann naruto pokemon pikachu starwars superman batman spiderman minecraft fortnite playstation
    nintendo harrypotter gandalf matrix doudoune nicolas thomas camille marie sophie julie julien pierre alexandre
    sebastien caroline celine isabelle catherine stephanie nathalie francois philippe patrick laurent maxime antoine
    michel jeanne charlotte chloe manon lea emma lucas hugo louis mathieu guillaume aurelie virginie sandrine valerie
    joptimiz livraison livraisons livreur transport transports transporteur camion camions camionnette utilitaire
    entreprise societe bureau travail chauffeur logistique numeriz itineriz cirqliz visualiz jeuxolympiques olympiques
    sunshine football monkey baseball master shadow michael jordan computer internet ordinateur telephone portable
    facebook google gmail orange hotmail wanadoo youtube instagram iphone samsung windows microsoft linux
    """.split()  # noqa: SIM905 two hundred words read better as a text
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "1234567890azertyuiop",
    "1234567890qwertyuiop",
)
_LOOKALIKES = str.maketrans("0134578@$!€", "oieastbasie")
_EDGES = re.compile(r"^[^a-z]+|[^a-z]+$")


def check_password(password: str, personal: Iterable[str] = ()) -> None:
    """Refuse a password that would be guessed first.

    personal: the person's e-mail, name, company names. Raises Invalid on the field "password" with the code
    "password-short", "password-long", "password-common" or "password-personal".
    """
    if len(password) < MIN_LENGTH:
        raise Invalid("password-short", "password", at_least=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise Invalid("password-long", "password", at_most=MAX_LENGTH)
    bare = _one_unit(fold(password).replace(" ", ""))
    if _is_common(bare) or _is_common(_one_unit(password.casefold())):
        raise Invalid("password-common", "password")
    if _is_personal(bare, personal):
        raise Invalid("password-personal", "password")


def _one_unit(text: str) -> str:
    """Return the pattern a text repeats ("bonjourbonjour" gives "bonjour"), or the text itself."""
    at = (text + text).find(text, 1)
    return text[:at]


def _is_common(text: str) -> bool:
    if len(set(text)) < 4 or _is_row(text):
        return True
    core = _EDGES.sub("", text)
    if not core or core in _COMMON_WORDS:
        return True
    # Digits at the end may stand for letters (passw0rd3) or be added (passw0rd123): try every place to cut.
    lettered, end = text.translate(_LOOKALIKES), text.rfind(core) + len(core)
    return any(lettered[:cut] in _COMMON_WORDS for cut in range(end, len(text) + 1))


def _is_row(text: str) -> bool:
    """Tell whether the text is made of keys or letters in a row, forwards or backwards."""
    return any(text in row or text in row[::-1] for row in _ROWS)


def _is_personal(text: str, personal: Iterable[str]) -> bool:
    left = text
    known = {word for given in personal for word in _words(given)}
    for word in sorted(known, key=len, reverse=True):
        left = left.replace(word, "")
    return left != text and len(re.sub(r"[0-9]", "", left)) < _ENOUGH_OF_ONES_OWN


def _words(given: str) -> set[str]:
    folded = fold(given)
    return {word for word in (folded.replace(" ", ""), *folded.split()) if len(word) >= 3}
