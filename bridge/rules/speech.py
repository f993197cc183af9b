"""What a caller hears: one catalogue, English and Spanish.

Every sentence says what to do next and none names the client or a number. Times are the provider's own.
"""

from collections.abc import Mapping
from datetime import datetime

from bridge.values import (
    AskCode,
    AskPin,
    Decline,
    Detail,
    Greet,
    Menu,
    Outcome,
    Reason,
    Route,
)
from config.phones import Unusable
from config.times import clock_time, same_local_day, spoken_day
from people.values import Language

_Text = Mapping[Language, str]
_EN, _ES = Language.ENGLISH, Language.SPANISH

SORRY: _Text = {
    _EN: "We are sorry, the consultation line has a problem right now. "
    "Your client's direct number is in your portal. Please call it directly.",
    _ES: "Lo sentimos, la línea de consultas tiene un problema en este momento. "
    "El número directo de su cliente está en su portal. Por favor, llame directamente.",
}

_REASONS: Mapping[Reason | Detail | Unusable, _Text] = {
    Reason.TOO_EARLY: {
        _EN: "You are early. The line for your next consultation opens {when}. Please call again then.",
        _ES: "Llama usted antes de tiempo. La línea para su próxima consulta se abre {when}. "
        "Por favor, vuelva a llamar entonces.",
    },
    Reason.TOO_LATE: {
        _EN: "The time of your consultation ended {when}, so the line has closed. "
        "You can find your client's direct number on the client page of your portal.",
        _ES: "El tiempo de su consulta terminó {when} y la línea se ha cerrado. "
        "Encontrará el número directo de su cliente en la página del cliente de su portal.",
    },
    Reason.UNKNOWN_CALLER: {
        _EN: "We do not recognize the number you are calling from. "
        "Please call from the number in your profile, or verify this number in your portal.",
        _ES: "No reconocemos el número desde el que llama. "
        "Por favor, llame desde el número de su perfil o verifique este número en su portal.",
    },
    Reason.WITHHELD: {
        _EN: "Your number is hidden, so we cannot connect this call. "
        "Please turn on caller I D, or dial star 8 2 before the number, and call again.",
        _ES: "Su número está oculto y no podemos conectar esta llamada. "
        "Por favor, active su identificador de llamadas, o marque asterisco 8 2 antes del número, y vuelva a llamar.",
    },
    Reason.NOT_VERIFIED: {
        _EN: "This number is not verified yet. Please verify it under settings in your portal, then call again.",
        _ES: "Este número todavía no está verificado. "
        "Por favor, verifíquelo en la configuración de su portal y vuelva a llamar.",
    },
    Reason.NO_CONSULTATION: {
        _EN: "We recognize your number, but you have no consultation on this line at this time. "
        "Please check your calendar in your portal.",
        _ES: "Reconocemos su número, pero no tiene ninguna consulta en esta línea en este momento. "
        "Por favor, revise el calendario de su portal.",
    },
    Reason.ALREADY_IN_CALL: {
        _EN: "This consultation is in a call already. If that call has ended, please call again in two minutes.",
        _ES: "Esta consulta ya tiene una llamada en curso. "
        "Si esa llamada ha terminado, por favor vuelva a llamar en dos minutos.",
    },
    Reason.PIN_FAILED: {
        _EN: "We could not match that PIN. Please check your PIN under settings in your portal. "
        "Your client's direct number is on the client page.",
        _ES: "No pudimos reconocer ese PIN. Por favor, revise su PIN en la configuración de su portal. "
        "El número directo de su cliente está en la página del cliente.",
    },
    Reason.ATTESTATION_FAILED: {
        _EN: "Your phone company could not confirm your number, so we cannot connect this call. "
        "Your client's direct number is in your portal.",
        _ES: "Su compañía telefónica no pudo confirmar su número y no podemos conectar esta llamada. "
        "El número directo de su cliente está en su portal.",
    },
    Reason.NO_CLIENT_NUMBER: {
        _EN: "There is no telephone number on file for this client. Please send a message through your portal.",
        _ES: "No hay ningún número de teléfono registrado para este cliente. "
        "Por favor, envíe un mensaje desde su portal.",
    },
    Reason.BAD_CLIENT_NUMBER: {
        _EN: "This line cannot call the telephone number on file for this client. "
        "Please check it on the client page, or send a message through your portal.",
        _ES: "Esta línea no puede llamar al número registrado para este cliente. "
        "Por favor, revíselo en la página del cliente o envíe un mensaje desde su portal.",
    },
    Reason.SERVICE_TROUBLE: SORRY,
    Detail.GROUP_LINE_OFF: {
        _EN: "The consultation line is not switched on for your practice. "
        "Your client's direct number is in your portal.",
        _ES: "La línea de consultas no está activada para su consultorio. "
        "El número directo de su cliente está en su portal.",
    },
    Detail.SHARED_NUMBER: {
        _EN: "Several providers use this number, so the line needs a PIN. "
        "Please set one under settings in your portal. Your client's direct number is there as well.",
        _ES: "Varios profesionales usan este número y la línea necesita un PIN. "
        "Por favor, establézcalo en la configuración de su portal. "
        "El número directo de su cliente también está allí.",
    },
    Detail.NO_PIN: {
        _EN: "Your practice uses a PIN on this line and you have none yet. "
        "Please set one under settings in your portal. Your client's direct number is there as well.",
        _ES: "Su consultorio usa un PIN en esta línea y usted aún no tiene ninguno. "
        "Por favor, establézcalo en la configuración de su portal. "
        "El número directo de su cliente también está allí.",
    },
    Detail.PIN_LOCKED: {
        _EN: "Too many wrong PINs came from this number. Please wait an hour. "
        "Your client's direct number is in your portal.",
        _ES: "Se han marcado demasiados PIN incorrectos desde este número. Por favor, espere una hora. "
        "El número directo de su cliente está en su portal.",
    },
    Detail.WRONG_CODE: {
        _EN: "That code does not match. Please ask for a new code in your portal and call again.",
        _ES: "Ese código no coincide. Por favor, solicite un código nuevo en su portal y vuelva a llamar.",
    },
    Detail.NOT_CHOSEN: {
        _EN: "We did not understand your choice. Please call again.",
        _ES: "No entendimos su selección. Por favor, vuelva a llamar.",
    },
}

_MENU: _Text = {
    _EN: "For your {time} consultation press {digit}. ",
    _ES: "Para su consulta de {time} marque {digit}. ",
}
_PIN: _Text = {_EN: "Please enter your six digit PIN.", _ES: "Por favor, marque su PIN de seis dígitos."}
_PIN_AGAIN: _Text = {
    _EN: "That PIN does not match. Please enter your six digit PIN again.",
    _ES: "Ese PIN no coincide. Por favor, marque otra vez su PIN de seis dígitos.",
}
_CODE: _Text = {
    _EN: "Please enter the six digit code that your portal shows.",
    _ES: "Por favor, marque el código de seis dígitos que muestra su portal.",
}
_CODE_AGAIN: _Text = {
    _EN: "That code does not match. Please enter the six digit code that your portal shows.",
    _ES: "Ese código no coincide. Por favor, marque el código de seis dígitos que muestra su portal.",
}
_GREET: _Text = {
    _EN: "Thank you. This number is verified now and we will recognize it.",
    _ES: "Gracias. Este número está verificado y lo reconoceremos.",
}
_GREET_NEXT: _Text = {
    _EN: " The line for your next consultation opens {when}.",
    _ES: " La línea para su próxima consulta se abre {when}.",
}
NOTHING_KEYED: _Text = {
    _EN: "We did not receive any digits. Please call again.",
    _ES: "No recibimos ningún dígito. Por favor, vuelva a llamar.",
}

_RANG: Mapping[Outcome, _Text] = {
    Outcome.NO_ANSWER: {_EN: "Your client did not pick up.", _ES: "Su cliente no contestó."},
    Outcome.BUSY: {_EN: "Your client's line is busy.", _ES: "La línea de su cliente está ocupada."},
    Outcome.FAILED: {_EN: "The call could not be completed.", _ES: "No se pudo completar la llamada."},
    Outcome.CANCELED: {_EN: "The call was not completed.", _ES: "La llamada no se completó."},
}
_AGAIN: _Text = {
    _EN: " You can call this line again until {when}.",
    _ES: " Puede volver a llamar a esta línea hasta {when}.",
}
_NO_MORE: _Text = {
    _EN: " The time of this consultation is over. You can find your client's direct number on the client page.",
    _ES: " El tiempo de esta consulta ha terminado. "
    "Encontrará el número directo de su cliente en la página del cliente.",
}
_AT: _Text = {_EN: "at {time}", _ES: "a {time}"}
_ON: _Text = {_EN: "on {day} at {time}", _ES: "el {day} a {time}"}


def sentence(route: Route, now: datetime) -> str:
    """Return what is said for a route that says something (all but Connect)."""
    if isinstance(route, Decline):
        return _decline(route, now)
    if isinstance(route, Menu):
        return "".join(
            _said(
                _MENU[route.language],
                time=_time(choice.starts_at, route.timezone, route.language),
                digit=choice.digit,
            )
            for choice in route.choices
        ).strip()
    if isinstance(route, AskPin):
        return (_PIN if route.step == 1 else _PIN_AGAIN)[route.language]
    if isinstance(route, AskCode):
        return (_CODE if route.step == 1 else _CODE_AGAIN)[route.language]
    if isinstance(route, Greet):
        more = (
            _said(_GREET_NEXT[route.language], when=_when(route.opens_at, now, route.timezone, route.language))
            if route.opens_at
            else ""
        )
        return _GREET[route.language] + more
    return ""


def after_dial(outcome: Outcome, *, closes_at: datetime, now: datetime, timezone: str, language: Language) -> str:
    """Return what is said after a dial that did not connect: what happened, and until when to try again."""
    what = _RANG.get(outcome, _RANG[Outcome.FAILED])[language]
    if now >= closes_at:
        return what + _NO_MORE[language]
    return what + _said(_AGAIN[language], when=_time(closes_at, timezone, language))


def _decline(route: Decline, now: datetime) -> str:
    special = route.detail if isinstance(route.detail, Detail) else None
    text = _REASONS[special or route.reason][route.language]
    if "{when}" not in text:
        return text
    if route.at is None or route.timezone is None:
        return _REASONS[Reason.NO_CONSULTATION][route.language]
    return _said(text, when=_when(route.at, now, route.timezone, route.language))


def _said(text: str, **words: str) -> str:
    """Fill in a sentence; one that ends with "p.m." has its full stop already."""
    return text.format(**words).replace("..", ".")


def _when(at: datetime, now: datetime, timezone: str, language: Language) -> str:
    time = _time(at, timezone, language)
    if same_local_day(at, now, timezone):
        return _AT[language].format(time=time)
    return _ON[language].format(day=spoken_day(at, timezone, language), time=time)


def _time(at: datetime, timezone: str, language: Language) -> str:
    """Say the time of day; in Spanish with its article, which is another one for one o'clock."""
    time = clock_time(at, timezone, language)
    if language is Language.ENGLISH:
        return time
    return f"{'la' if time.startswith('1:') else 'las'} {time}"
