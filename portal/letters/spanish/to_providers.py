"""The letters to providers in Spanish, as it is spoken in the United States."""

from collections.abc import Mapping

from portal.letters.values import Dial, Wording
from status.values import NoticeKey

TO_PROVIDERS: Mapping[NoticeKey | Dial, Wording] = {
    Dial.LINE: Wording(
        subject="Recordatorio: consulta telefónica el {when}",
        paragraphs=(
            "Usted tiene una consulta telefónica el {when}.",
            (
                "Llame al {line} desde el número que verificó con nosotros. La línea le comunica desde las {opens}"
                " hasta las {closes}, ni antes ni después. Si se corta, vuelva a llamar hasta esa hora."
            ),
        ),
        text="Consultline: consulta el {when}. Llame al {line} de {opens} a {closes}.",
        sentence="Consulta telefónica el {when}. Llame al {line}; la línea funciona de {opens} a {closes}.",
    ),
    Dial.DIRECT: Wording(
        subject="Recordatorio: consulta telefónica el {when}",
        paragraphs=(
            "Usted tiene una consulta telefónica el {when}.",
            "La línea de consultas no se puede usar para ella. El portal muestra el número directo.",
        ),
        text="Consultline: consulta el {when}. La línea no se puede usar: vea el número directo en el portal.",
        sentence="Consulta telefónica el {when}. Llame al número directo que aparece aquí, no a la línea.",
    ),
    Dial.UNVERIFIED: Wording(
        subject="Recordatorio: consulta telefónica el {when}",
        paragraphs=(
            "Usted tiene una consulta telefónica el {when}.",
            (
                "La línea de consultas aún no conoce su número. Verifique en el portal el número desde el que"
                " llama, o llame al número directo que aparece allí."
            ),
        ),
        text="Consultline: consulta el {when}. Verifique su número en el portal o use el directo de allí.",
        sentence="Consulta telefónica el {when}. Verifique el número desde el que llama o use el directo.",
    ),
    Dial.NO_NUMBER: Wording(
        subject="Recordatorio: consulta telefónica el {when}",
        paragraphs=(
            "Usted tiene una consulta telefónica el {when}.",
            (
                "No tenemos ningún número de su cliente al que se pueda llamar. Pídalo por mensaje y añádalo en el"
                " portal."
            ),
        ),
        text="Consultline: consulta el {when}. Aún no hay número al que llamar: vea el portal.",
        sentence="Consulta telefónica el {when}. Aún no hay número al que llamar: añada uno.",
    ),
    NoticeKey.STATUS_TASK: Wording(
        subject="Indique el estado de su consulta del {when}",
        paragraphs=(
            "Su consulta del {when} ha terminado.",
            "¿Se realizó? Indíquelo en el portal hasta el {share_by}.",
        ),
        text="Consultline: terminó su consulta del {when}. Indique su estado hasta el {share_by}.",
        sentence="¿Se realizó su consulta del {when}? Indique su estado hasta el {share_by}.",
    ),
    NoticeKey.STATUS_TEXT: Wording(
        subject="¿Se realizó su consulta del {when}?",
        paragraphs=(
            "Su consulta del {when} ha terminado, y aún no sabemos si se realizó.",
            (
                "Indíquelo en el portal hasta el {share_by}. Después, su estado queda como desconocido y ya no se"
                " puede cambiar."
            ),
        ),
        text="Consultline: ¿Se hizo su consulta del {when}? Responda SI o NO hasta el {share_by}.",
        sentence="¿Se realizó su consulta del {when}? Indique su estado hasta el {share_by}.",
    ),
    NoticeKey.STATUS_UNKNOWN: Wording(
        subject="El estado de una consulta quedó como desconocido",
        paragraphs=("El estado de su consulta del {when} no se indicó hasta el {share_by}: es desconocido.",),
        text="Consultline: el estado de su consulta del {when} quedó como desconocido.",
        sentence="El estado de su consulta del {when} no se indicó hasta el {share_by}: es desconocido.",
    ),
    NoticeKey.STATUS_CORRECTED: Wording(
        subject="El estado de una consulta fue corregido",
        paragraphs=("Nuestro equipo de soporte corrigió el estado de su consulta del {when}.",),
        text="Consultline: se corrigió el estado de su consulta del {when}.",
        sentence="Nuestro equipo de soporte corrigió el estado de su consulta del {when}.",
    ),
    NoticeKey.LINE_OUTAGE: Wording(
        subject="La línea de consultas está fuera de servicio",
        paragraphs=(
            "La línea de consultas está fuera de servicio en este momento.",
            (
                "Para sus consultas de las próximas horas, el portal muestra el número directo. Un estado que quede"
                " abierto por este motivo no cuenta en su contra."
            ),
        ),
        text="Consultline: la línea está fuera de servicio. El portal muestra los números directos.",
        sentence="La línea está fuera de servicio. Los números directos aparecen con sus consultas.",
    ),
    NoticeKey.LINE_RESTORED: Wording(
        subject="La línea de consultas funciona de nuevo",
        paragraphs=(
            (
                "La línea de consultas funciona de nuevo. Los números directos ya mostrados siguen a la vista hasta"
                " el final de la consulta."
            ),
        ),
        text="Consultline: la línea funciona de nuevo.",
        sentence="La línea funciona de nuevo. Los números directos ya mostrados siguen hasta el final.",
    ),
    NoticeKey.RESCHEDULED: Wording(
        subject="Una cita se cambió al {when}",
        paragraphs=("Una de sus citas se cambió. Ahora empieza el {when}.",),
        text="Consultline: una de sus citas se cambió al {when}.",
        sentence="Esta cita se cambió al {when}.",
    ),
    NoticeKey.DIAL_NUMBER_CHANGED: Wording(
        subject="Se cambió el número desde el que usted llama a la línea",
        paragraphs=(
            (
                "Se cambió el número desde el que usted llama a la línea de consultas. Verifique el nuevo en el"
                " portal antes de su próxima llamada."
            ),
            "Si no lo cambió usted, cambie su contraseña y escriba de inmediato a nuestro equipo de soporte.",
        ),
        text="Consultline: se cambió su número para la línea. Si no fue usted, escriba ya a soporte.",
        sentence="Se cambió el número desde el que llama a la línea. Verifíquelo antes de llamar.",
    ),
    NoticeKey.NUMBER_CODE: Wording(
        subject="Su código para el número desde el que llama",
        paragraphs=("Su código es {code}. Escríbalo en el portal antes del {decide_by}.",),
        text="Consultline: su código es {code}. Escríbalo en el portal antes del {decide_by}.",
        sentence="Su código es {code}. Escríbalo en el portal antes del {decide_by}.",
    ),
    NoticeKey.PIN_LOCKED: Wording(
        subject="Su PIN para la línea de consultas está bloqueado por una hora",
        paragraphs=(
            (
                "Desde su número se marcaron demasiados PIN incorrectos, así que la línea no acepta ninguno"
                " desde él durante una hora."
            ),
            "Si no fue alguien de su consultorio, elija un PIN nuevo en el portal.",
        ),
        text="Consultline: demasiados PIN incorrectos desde su número. La línea no acepta ninguno por una hora.",
        sentence="Demasiados PIN incorrectos desde su número. La línea no acepta ninguno por una hora.",
    ),
    NoticeKey.ISSUE_RECEIVED: Wording(
        subject="Hemos recibido su aviso",
        paragraphs=(
            "Hemos recibido su aviso sobre la cita del {when}. Nuestro equipo de soporte lo revisa y le responde.",
        ),
        text="Consultline: hemos recibido su aviso sobre la cita del {when}.",
        sentence="Hemos recibido su aviso sobre la cita del {when}.",
    ),
    NoticeKey.ISSUE_ANSWERED: Wording(
        subject="Hemos respondido a su aviso",
        paragraphs=("Hemos revisado su aviso sobre la cita del {when}. Puede leer nuestra respuesta en el portal.",),
        text="Consultline: hemos respondido a su aviso sobre la cita del {when}. Vea el portal.",
        sentence="Hemos respondido a su aviso sobre la cita del {when}.",
    ),
    NoticeKey.CLIENT_NUMBER_UNUSABLE: Wording(
        subject="Falta un número para su consulta del {when}",
        paragraphs=(
            (
                "La línea no pudo comunicarle para su consulta del {when}: el número de su cliente falta o no se"
                " puede marcar."
            ),
            "Pida otro por mensaje y añádalo en el portal.",
        ),
        text="Consultline: no hay número al que llamar para su consulta del {when}. Vea el portal.",
        sentence="El número de su cliente para el {when} falta o no se puede marcar. Añada otro.",
    ),
    NoticeKey.NEW_REFERRAL: Wording(
        subject="Usted tiene un nuevo cliente referido, desde el {when}",
        paragraphs=(
            (
                "Usted tiene un nuevo cliente referido, desde el {when}. La cita ya está en su calendario; no hace"
                " falta confirmarla."
            ),
            "Desde el portal puede escribirle, cambiar la cita a una llamada o cancelarla.",
        ),
        text="Consultline: tiene un nuevo cliente referido, desde el {when}. Vea el portal.",
        sentence="Usted tiene un nuevo cliente referido, desde el {when}.",
    ),
    NoticeKey.BOOKING_MADE: Wording(
        subject="Una cita nueva el {when}",
        paragraphs=("Uno de sus clientes reservó una cita para el {when}.",),
        text="Consultline: uno de sus clientes reservó una cita para el {when}.",
        sentence="Uno de sus clientes reservó una cita para el {when}.",
    ),
    NoticeKey.CANCELLED_BY_CLIENT: Wording(
        subject="Su cita del {when} fue cancelada",
        paragraphs=("Su cliente canceló la cita del {when}. La hora queda libre.",),
        text="Consultline: su cliente canceló la cita del {when}. La hora queda libre.",
        sentence="Su cliente canceló la cita del {when}. La hora queda libre.",
    ),
    NoticeKey.REQUEST_TO_DECIDE: Wording(
        subject="Una solicitud para el {when} espera su decisión",
        paragraphs=(
            "Le solicitan una cita para el {when}.",
            (
                "Acéptela o rechácela en el portal hasta el {decide_by}. La hora queda apartada hasta entonces; sin"
                " una decisión, la solicitud termina y la hora queda libre."
            ),
        ),
        text="Consultline: solicitud para el {when}. Decida en el portal hasta el {decide_by}.",
        sentence="Le solicitan una cita para el {when}. Acéptela o rechácela hasta el {decide_by}.",
    ),
    NoticeKey.REQUEST_EXPIRING: Wording(
        subject="Una solicitud para el {when} aún espera su decisión",
        paragraphs=(
            "Una solicitud de cita para el {when} aún espera su decisión.",
            "Termina el {decide_by}. Acéptela o rechácela antes en el portal.",
        ),
        text="Consultline: una solicitud para el {when} aún espera. Decida hasta el {decide_by}.",
        sentence="Una solicitud de cita para el {when} aún espera. Termina el {decide_by}.",
    ),
    NoticeKey.REQUEST_WITHDRAWN: Wording(
        subject="Se retiró una solicitud para el {when}",
        paragraphs=("Se retiró la solicitud de cita para el {when}. La hora queda libre.",),
        text="Consultline: se retiró la solicitud para el {when}. La hora queda libre.",
        sentence="Se retiró la solicitud de cita para el {when}. La hora queda libre.",
    ),
    NoticeKey.CLIENT_MOVED_ON: Wording(
        subject="Una de sus referencias terminó",
        paragraphs=(
            "Un cliente que le fue referido decidió buscar a otro profesional. No hace falta que haga nada.",
            "El portal muestra de cuál se trata.",
        ),
        text="Consultline: un cliente que le fue referido decidió buscar a otro profesional.",
        sentence="Este cliente decidió buscar a otro profesional. No hace falta que haga nada.",
    ),
    NoticeKey.NO_CONTACT: Wording(
        subject="Aún no ha hablado con un cliente referido",
        paragraphs=(
            "Según lo que sabemos, usted y un cliente que le fue referido aún no han hablado.",
            "Puede escribirle u ofrecerle otra hora. El portal muestra de cuál se trata.",
        ),
        text="Consultline: según sabemos, aún no ha hablado con un cliente referido. Vea el portal.",
        sentence="Según lo que sabemos, aún no han hablado. Puede escribirle u ofrecerle otra hora.",
    ),
    NoticeKey.PSYCHIATRIC_REFERRAL: Wording(
        subject="Un colega le refiere a un cliente",
        paragraphs=(
            "Un colega quisiera referirle a un cliente, que dio su consentimiento.",
            "Acéptelo o rechácelo en el portal hasta el {decide_by}. Después, la referencia termina por sí sola.",
        ),
        text="Consultline: un colega le refiere a un cliente. Decida en el portal hasta el {decide_by}.",
        sentence="Un colega le refiere a un cliente. Acéptelo o rechácelo hasta el {decide_by}.",
    ),
    NoticeKey.PSYCHIATRIC_ANSWERED: Wording(
        subject="Hay noticias de una referencia suya",
        paragraphs=("Hay noticias de una referencia que usted hizo a un colega. Véalas en el portal.",),
        text="Consultline: hay noticias de una referencia que usted hizo. Vea el portal.",
        sentence="Hay noticias de la referencia que usted hizo a un colega.",
    ),
    NoticeKey.ENROLLED: Wording(
        subject="Usted está en el programa de referidos: complete su perfil público",
        paragraphs=(
            "Su consultorio le añadió al programa de referidos de clientes.",
            (
                "Complete y envíe su perfil público, e indique qué horas suyas están abiertas a las aseguradoras."
                " Hasta que lo envíe, las aseguradoras no ven nada de usted."
            ),
        ),
        text="Consultline: está en el programa de referidos. Envíe su perfil público en el portal.",
        sentence="Usted está en el programa de referidos. Complete y envíe su perfil público.",
    ),
    NoticeKey.PROFILE_NEEDS_ATTENTION: Wording(
        subject="Las aseguradoras ya no ven su perfil público",
        paragraphs=(
            "A su perfil público le falta algo que las aseguradoras necesitan, así que ya no lo ven.",
            "El portal dice qué falta. En cuanto lo complete, las aseguradoras verán su perfil de nuevo.",
        ),
        text="Consultline: las aseguradoras no ven su perfil público. Vea en el portal lo que falta.",
        sentence="Las aseguradoras no ven su perfil público: le falta algo que ellas necesitan.",
    ),
    NoticeKey.ENROLMENT_ENDED: Wording(
        subject="Usted ha salido del programa de referidos",
        paragraphs=(
            "Su consultorio le retiró del programa de referidos de clientes.",
            "Las solicitudes abiertas de aseguradoras se rechazaron. Las citas reservadas siguen en pie.",
        ),
        text="Consultline: usted ha salido del programa de referidos. Las citas reservadas siguen en pie.",
        sentence="Usted ha salido del programa de referidos. Las citas reservadas siguen en pie.",
    ),
    NoticeKey.INVITATION_FAILED: Wording(
        subject="Una invitación no llegó",
        paragraphs=(
            "El servidor de correo de un cliente al que usted invitó rechaza su dirección.",
            "El portal muestra de quién se trata. Corrija allí la dirección y volvemos a invitarle.",
        ),
        text="Consultline: una invitación suya no llegó. Corrija la dirección en el portal.",
        sentence="Su invitación no llegó: la dirección es rechazada. Corríjala y volvemos a invitarle.",
    ),
    NoticeKey.ACCOUNT_READY: Wording(
        subject="Un cliente suyo tiene todo listo",
        paragraphs=("Un cliente suyo completó todos los pasos de su cuenta. El portal muestra de quién se trata.",),
        text="Consultline: un cliente suyo completó todos los pasos de su cuenta.",
        sentence="Este cliente completó todos los pasos de su cuenta.",
    ),
    NoticeKey.NEW_MESSAGE: Wording(
        subject="Tiene un mensaje nuevo",
        paragraphs=("Tiene un mensaje nuevo. Léalo en el portal.",),
        text="Consultline: tiene un mensaje nuevo. Léalo en el portal.",
        sentence="Tiene un mensaje nuevo.",
    ),
}
