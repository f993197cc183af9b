"""The letters to clients in Spanish, as it is spoken in the United States."""

from collections.abc import Mapping

from portal.letters.values import Wording
from status.values import NoticeKey

TO_CLIENTS: Mapping[NoticeKey, Wording] = {
    NoticeKey.BOOKING_CODE: Wording(
        subject="Su código para Consultline",
        paragraphs=(
            "Su código es {code}.",
            "Escríbalo donde se le pidió, para completar lo que empezó. Sirve hasta el {until}.",
            "Si usted no empezó nada con nosotros, no hace falta que haga nada: sin el código no pasa nada.",
        ),
        text="Consultline: su código es {code}. Sirve hasta el {until}.",
        sentence="Su código es {code}. Sirve hasta el {until}.",
    ),
    NoticeKey.BOOKING_MADE: Wording(
        subject="Su cita del {when}",
        paragraphs=(
            "Usted tiene una {session} con {provider} el {when}.",
            "{held}",
            "Si no puede asistir, cancele en el portal, para que otra persona pueda tener la hora.",
        ),
        text="Consultline: su cita es el {when}. Vea el portal.",
        sentence="Usted tiene una {session} con {provider} el {when}.",
    ),
    NoticeKey.SWITCHED_TO_CALL: Wording(
        subject="Su cita del {when} ahora es una llamada",
        paragraphs=(
            "{provider} cambió su cita del {when} a una {session}. Es gratuita y empieza a la misma hora.",
            "{held}",
            "Si una llamada no le conviene, puede cancelarla en el portal sin costo.",
        ),
        text="Consultline: su cita del {when} ahora es una llamada gratuita. Vea el portal.",
        sentence="Su cita con {provider} del {when} ahora es una {session}. Es gratuita.",
    ),
    NoticeKey.CANCELLED_BY_PROVIDER: Wording(
        subject="Su cita del {when} fue cancelada",
        paragraphs=(
            "Lo sentimos: {provider} canceló su {session} del {when}.",
            "En el portal puede elegir otra hora o ver a otros profesionales.",
        ),
        if_wrote="{provider} le escribió un mensaje. Le espera en el portal.",
        text="Consultline: su cita del {when} fue cancelada. Vea el portal.",
        sentence="{provider} canceló su {session} del {when}.",
    ),
    NoticeKey.CANCELLED_BY_CLIENT: Wording(
        subject="Su cita del {when} está cancelada",
        paragraphs=(
            "Su {session} con {provider} del {when} está cancelada, como usted lo pidió.",
            "En el portal puede elegir otra hora cuando quiera.",
        ),
        text="Consultline: su cita del {when} está cancelada, como usted lo pidió.",
        sentence="Usted canceló su {session} con {provider} del {when}.",
    ),
    NoticeKey.REQUEST_ACCEPTED: Wording(
        subject="Su cita del {when} está confirmada",
        paragraphs=(
            "{provider} aceptó su solicitud: usted tiene una {session} el {when}.",
            "{held}",
            "Si no puede asistir, cancele en el portal, para que otra persona pueda tener la hora.",
        ),
        text="Consultline: su cita del {when} está confirmada. Vea el portal.",
        sentence="{provider} aceptó su solicitud: usted tiene una {session} el {when}.",
    ),
    NoticeKey.REQUEST_DECLINED: Wording(
        subject="Su solicitud para el {when} fue rechazada",
        paragraphs=(
            "Lo sentimos: {provider} no puede atenderle el {when}, así que su solicitud fue rechazada.",
            "El portal muestra otras horas y a otros profesionales.",
        ),
        if_wrote="{provider} escribió por qué. Puede leerlo en el portal.",
        text="Consultline: su solicitud para el {when} fue rechazada. El portal muestra otras horas.",
        sentence="{provider} no puede atenderle el {when}, así que su solicitud fue rechazada.",
    ),
    NoticeKey.REQUEST_EXPIRED: Wording(
        subject="Su solicitud para el {when} terminó",
        paragraphs=(
            "Lo sentimos: su solicitud de una {session} con {provider} para el {when} no se respondió a tiempo.",
            "Terminó, y la hora ya no está apartada. El portal muestra otras horas y a otros profesionales.",
        ),
        text="Consultline: su solicitud para el {when} no se respondió a tiempo. El portal muestra otras horas.",
        sentence="Su solicitud de una {session} con {provider} para el {when} no se respondió a tiempo.",
    ),
    NoticeKey.WAITLIST_OPENING: Wording(
        subject="Quedó libre una hora: {when}",
        paragraphs=(
            "Quedó libre una hora con {provider}, y le toca a usted: una {session} el {when}.",
            (
                "Está apartada para usted hasta el {until}. Acéptela antes en el portal. Si la deja pasar, conserva su"
                " lugar en la lista de espera."
            ),
        ),
        text="Consultline: quedó libre el {when}, apartado para usted hasta el {until}. Vea el portal.",
        sentence="Una {session} con {provider} el {when} está apartada para usted hasta el {until}.",
    ),
    NoticeKey.CLIENT_REMINDER: Wording(
        subject="Recordatorio: su cita del {when}",
        paragraphs=(
            "Usted tiene una {session} con {provider} el {when}.",
            "{held}",
        ),
        text="Consultline: su cita es el {when}.",
        sentence="Usted tiene una {session} con {provider} el {when}.",
    ),
    NoticeKey.RESCHEDULED: Wording(
        subject="Su cita se cambió al {when}",
        paragraphs=(
            "Su {session} con {provider} se cambió. Ahora empieza el {when}.",
            "Si no le conviene, elija otra hora o cancele en el portal.",
        ),
        text="Consultline: su cita se cambió al {when}. Vea el portal.",
        sentence="Su {session} con {provider} se cambió al {when}.",
    ),
    NoticeKey.SERIES_CHANGED: Wording(
        subject="Sus citas cambiaron",
        paragraphs=(
            "Su serie de citas con {provider} cambió.",
            "Sus próximas citas son ahora: {ahead}.",
        ),
        text="Consultline: su serie de citas cambió. Vea el portal.",
        sentence="Su serie de citas con {provider} cambió. Las próximas: {ahead}.",
    ),
    NoticeKey.HANDED_BACK: Wording(
        subject="Le ayudamos a encontrar a otro profesional",
        paragraphs=(
            "{provider} pidió a nuestro equipo de soporte que le ayude a encontrar a otro profesional.",
            (
                "Alguien de nuestro equipo le escribirá pronto. También puede ver a otros profesionales en el portal en"
                " cualquier momento; las citas que ya tiene quedan por ahora como están."
            ),
        ),
        text="Consultline: nuestro equipo le ayuda a encontrar a otro profesional y le escribirá pronto.",
        sentence="Nuestro equipo le ayuda a encontrar a otro profesional que {provider} y le escribirá pronto.",
    ),
    NoticeKey.INSURANCE_REQUEST: Wording(
        subject="Añada su seguro",
        paragraphs=(
            "{provider} necesita su seguro para cobrar sus sesiones.",
            "Añádalo en el portal: la compañía o el plan, su número de miembro y su fecha de nacimiento.",
        ),
        text="Consultline: añada su seguro en el portal.",
        sentence="Añada su seguro: {provider} lo necesita para cobrar sus sesiones.",
    ),
    NoticeKey.ACCOUNT_LACKS: Wording(
        subject="Revise su cuenta",
        paragraphs=(
            "Hay algo que renovar en su cuenta: un formulario tiene una versión nueva o una forma de pago caducó.",
            "El portal muestra de qué se trata. Las citas que tiene siguen como están.",
        ),
        text="Consultline: hay algo que renovar en su cuenta. Vea el portal.",
        sentence="Hay algo que renovar en su cuenta. Las citas que tiene siguen como están.",
    ),
    NoticeKey.PROVIDER_ADDED: Wording(
        subject="{provider} le añadió",
        paragraphs=(
            "{provider} le añadió a su lista de clientes.",
            "No ve nada de su cuenta hasta que usted diga que sí. Responda en el portal.",
        ),
        text="Consultline: {provider} le añadió a su lista de clientes. Responda en el portal.",
        sentence="{provider} le añadió a su lista de clientes. No ve nada de su cuenta hasta que usted diga que sí.",
    ),
    NoticeKey.NEW_MESSAGE: Wording(
        subject="Tiene un mensaje nuevo",
        paragraphs=("Tiene un mensaje nuevo. Léalo en el portal.",),
        text="Consultline: tiene un mensaje nuevo. Léalo en el portal.",
        sentence="Tiene un mensaje nuevo.",
    ),
    NoticeKey.MESSAGE_CODE: Wording(
        subject="Su código para Consultline",
        paragraphs=(
            "Su código es {code}.",
            "Escríbalo para enviar su mensaje. Sirve hasta el {until}.",
            "Si usted no escribió nada, no hace falta que haga nada: sin el código no se envía nada.",
        ),
        text="Consultline: su código es {code}. Sirve hasta el {until}.",
        sentence="Su código es {code}. Sirve hasta el {until}.",
    ),
}
