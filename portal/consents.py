"""What clients consent to, in words to be read to them. A version, once used, is never changed: rows name it."""

from collections.abc import Mapping

from people.values import Language

PSYCHIATRIC_CONSENT: Mapping[int, Mapping[Language, str]] = {
    1: {
        Language.ENGLISH: (
            "I agree that my therapist refers me to somebody who can prescribe medication. First that person learns"
            " my age, the state I live in, the kind of session and what I look for help with, and not my name. If"
            " they accept, they learn who I am and how to reach me. I can take this back until they have accepted."
        ),
        Language.SPANISH: (
            "Acepto que mi terapeuta me refiera a alguien que puede recetar medicamentos. Al principio esa persona"
            " conoce mi edad, el estado en que vivo, el tipo de sesión y para qué busco ayuda, pero no mi nombre. Si"
            " acepta, sabrá quién soy y cómo contactarme. Puedo retirar este permiso hasta que haya aceptado."
        ),
    },
}

TEXTS_CONSENT: Mapping[int, Mapping[Language, str]] = {
    1: {
        Language.ENGLISH: (
            "Send me reminders of appointments and freed times by text message to my number, at most three a week."
            " Carrier charges may apply. I can take this back here, or by answering STOP."
        ),
        Language.SPANISH: (
            "Envíenme recordatorios de citas y horas libres por mensaje de texto a mi número, tres por semana como"
            " máximo. Pueden aplicarse cargos del operador. Puedo retirarlo aquí o respondiendo STOP."
        ),
    },
}
