"""The letters about accounts, in Spanish."""

from collections.abc import Mapping

from portal.letters.values import Wording
from status.values import NoticeKey

TO_ACCOUNTS: Mapping[NoticeKey, Wording] = {
    NoticeKey.INVITATION: Wording(
        subject="Su acceso a Consultline",
        paragraphs=(
            "Ha recibido un acceso a Consultline.",
            "Abra este enlace para empezar: {link}",
            "Funciona una sola vez, hasta {until}.",
        ),
        text="Consultline: ha recibido un acceso. Vea su correo.",
        sentence="Ha recibido un acceso.",
    ),
    NoticeKey.CLIENT_INVITATION: Wording(
        subject="Invitación de {provider} a Consultline",
        paragraphs=(
            "{provider} le ha incluido como cliente.",
            "Abra este enlace para empezar con su cuenta: {link}",
            "Funciona una sola vez, hasta {until}.",
        ),
        text="Consultline: invitación de {provider}. Vea su correo.",
        sentence="{provider} le ha incluido como cliente.",
    ),
    NoticeKey.SIGN_IN_LINK: Wording(
        subject="Su enlace para iniciar sesión",
        paragraphs=(
            "Abra este enlace para iniciar sesión: {link}",
            "Funciona una sola vez, hasta {until}. Nadie más debe tenerlo.",
        ),
        text="Consultline: su enlace para iniciar sesión está en su correo.",
        sentence="Se envió un enlace para iniciar sesión.",
    ),
    NoticeKey.PASSWORD_RESET: Wording(
        subject="Una nueva contraseña para Consultline",
        paragraphs=(
            "Alguien ha pedido una nueva contraseña para su cuenta.",
            "Abra este enlace para elegirla: {link}",
            "Funciona una sola vez, hasta {until}. Si no fue usted, no tiene que hacer nada.",
        ),
        text="Consultline: el enlace para una nueva contraseña está en su correo.",
        sentence="Se envió un enlace para una nueva contraseña.",
    ),
    NoticeKey.NEW_DEVICE: Wording(
        subject="Su cuenta se usó en un navegador nuevo",
        paragraphs=(
            "Un navegador que no conocíamos acaba de iniciar sesión en su cuenta.",
            "Si no fue usted, elija enseguida una nueva contraseña: así se cierran todas las sesiones.",
        ),
        text="Consultline: un navegador nuevo ha iniciado sesión en su cuenta.",
        sentence="Un navegador nuevo ha iniciado sesión en su cuenta.",
    ),
    NoticeKey.NEW_ADDRESS: Wording(
        subject="Confirme su nueva dirección",
        paragraphs=(
            "Abra este enlace para usar esta dirección en su cuenta desde ahora: {link}",
            "Funciona una sola vez, hasta {until}.",
        ),
        text="Consultline: confirme su nueva dirección con el enlace de su correo.",
        sentence="Se envió un enlace para confirmar su nueva dirección.",
    ),
    NoticeKey.ADDRESS_CHANGED: Wording(
        subject="La dirección de su cuenta ha cambiado",
        paragraphs=(
            "La dirección de correo de su cuenta ha cambiado.",
            "Si no fue usted, escriba enseguida a nuestro soporte.",
        ),
        text="Consultline: la dirección de su cuenta ha cambiado.",
        sentence="La dirección de su cuenta ha cambiado.",
    ),
    NoticeKey.REQUEST_TO_DECIDE: Wording(
        subject="Una solicitud espera respuesta en su consultorio",
        paragraphs=(
            "Piden una cita a un profesional de su consultorio.",
            (
                "El profesional o usted acepta o rechaza en el portal antes del {until}. La hora se guarda hasta"
                " entonces; sin respuesta, la solicitud termina y la hora queda libre."
            ),
        ),
        text="Consultline: una solicitud espera respuesta en su consultorio. Consulte el portal.",
        sentence="Piden una cita a un profesional de su consultorio.",
    ),
    NoticeKey.PROFILE_NEEDS_ATTENTION: Wording(
        subject="Las aseguradoras no ven un perfil de su consultorio",
        paragraphs=(
            "Al perfil público de un profesional de su consultorio le falta algo que las aseguradoras necesitan.",
            "Las aseguradoras no lo ven hasta que se complete. El portal dice de quién es y qué falta.",
        ),
        text="Consultline: las aseguradoras no ven un perfil de su consultorio. Vea el portal.",
        sentence="Las aseguradoras no ven un perfil de su consultorio.",
    ),
}
