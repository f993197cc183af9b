"""The letters in Spanish, as it is spoken in the United States."""

from portal.letters.spanish.to_clients import TO_CLIENTS
from portal.letters.spanish.to_providers import TO_PROVIDERS
from portal.letters.values import Catalogue
from scheduling.values import SessionType

SPANISH = Catalogue(
    to_providers=TO_PROVIDERS,
    to_clients=TO_CLIENTS,
    session={
        SessionType.PHONE_CONSULTATION: "consulta telefónica",
        SessionType.FULL_SESSION: "sesión",
    },
    held={
        SessionType.PHONE_CONSULTATION: "{provider} le llamará al número que usted nos dio.",
        SessionType.FULL_SESSION: "El portal muestra dónde se realiza.",
    },
    none_ahead="ninguna",
    to_the_portal="Abrir el portal",
    footer_for_providers="Consultline le envía este mensaje porque usted es uno de sus profesionales."
    " Nadie lee las respuestas a esta dirección.",
    footer_for_clients="Consultline le envía este mensaje sobre citas con uno de sus profesionales."
    " Nadie lee las respuestas a esta dirección.",
    stop="STOP: no más textos.",
)
