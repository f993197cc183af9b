"""The letters in Spanish, as it is spoken in the United States."""

from portal.letters.spanish.to_accounts import TO_ACCOUNTS
from portal.letters.spanish.to_clients import TO_CLIENTS
from portal.letters.spanish.to_providers import TO_PROVIDERS
from portal.letters.values import Catalogue
from scheduling.values import Method, SessionType

SPANISH = Catalogue(
    to_providers=TO_PROVIDERS,
    to_clients=TO_CLIENTS,
    to_accounts=TO_ACCOUNTS,
    session={
        SessionType.PHONE_CONSULTATION: "consulta telefónica",
        SessionType.FULL_SESSION: "sesión",
    },
    held={
        SessionType.PHONE_CONSULTATION: "{provider} le llamará al número que usted nos dio.",
        SessionType.FULL_SESSION: "El portal muestra dónde se realiza.",
    },
    held_without_a_number="{provider} le llamará, pero no tenemos ningún número suyo: añada uno en el portal.",
    enclosed={
        Method.PUBLISH: "El archivo adjunto pone su calendario al día.",
        Method.CANCEL: "El archivo adjunto la quita de casi todo calendario; compruebe que ya no esté en el suyo.",
    },
    none_ahead="ninguna",
    to_the_portal="Abrir el portal",
    footer_for_providers="Consultline le envía este mensaje porque usted es uno de sus profesionales."
    " Nadie lee las respuestas a esta dirección.",
    footer_for_clients="Consultline le envía este mensaje sobre citas con uno de sus profesionales."
    " Nadie lee las respuestas a esta dirección.",
    footer_for_accounts="Consultline le envía esto por una cuenta con su dirección."
    " Si no fue usted, avise a nuestro soporte.",
    stop="STOP: no más textos.",
    entry_title={
        SessionType.PHONE_CONSULTATION: "Consulta telefónica",
        SessionType.FULL_SESSION: "Sesión",
    },
    entry_title_with_initials="{title}, {initials}",
    entry_with="Con {provider}.",
    entry_line="Llame al {line}; la línea funciona de {opens} a {closes}.",
)
