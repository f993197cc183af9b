"""The alphabet of texts, GSM 03.38: 160 of its characters fit into one text.

One character from outside turns the whole text into UCS-2, of which 70 fit: it is then cut into two or three,
billed as such, and may arrive in pieces. The alphabet has é, ñ, ü and ¿, but not á, í, ó and ú. So texts are
written in full Spanish and lose these accents on the way out; whoever reads texts in Spanish is used to that.
"""

import unicodedata

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # two characters each
_LIKE = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})  # noqa: RUF001


def spell(text: str) -> str:
    """Return `text` in the alphabet: accents that it lacks are left out, spaces become plain ones.

    Raises ValueError for a character that has no like there.
    """
    return "".join(_spell(character) for character in text.translate(_LIKE))


def _spell(character: str) -> str:
    if character in _BASIC or character in _EXTENDED:
        return character
    if character.isspace():
        return " "
    bare = unicodedata.normalize("NFKD", character)[0]
    if bare not in _BASIC:
        msg = f"no text can hold U+{ord(character):04X}"
        raise ValueError(msg)
    return bare


def length(text: str) -> int:
    """Return how many characters of the alphabet `text` takes; raises ValueError where it is not spelled in it."""
    if not set(text) <= _BASIC | _EXTENDED:
        msg = "not spelled in the alphabet of texts"
        raise ValueError(msg)
    return len(text) + sum(character in _EXTENDED for character in text)
