"""Translation of short service messages. Shares its system prompt with the rewriting of e-mails."""

from __future__ import annotations

import re
from random import Random
from typing import Final

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say
from suffice_demo.tasks.rewrite import STUDIO

PHRASES: Final[tuple[dict[str, str], ...]] = (
    {
        "en": "Your order {order} left our warehouse on {date}.",
        "German": "Ihre Bestellung {order} hat unser Lager am {date} verlassen.",
        "French": "Votre commande {order} a quitté notre entrepôt le {date}.",
        "Spanish": "Su pedido {order} salió de nuestro almacén el {date}.",
    },
    {
        "en": "We have refunded {amount} to your card.",
        "German": "Wir haben {amount} auf Ihre Karte erstattet.",
        "French": "Nous avons remboursé {amount} sur votre carte.",
        "Spanish": "Hemos reembolsado {amount} a su tarjeta.",
    },
    {
        "en": "The {product} in {colour} is sold out.",
        "German": "{product} in {colour} ist ausverkauft.",
        "French": "Le modèle {product} en {colour} est épuisé.",
        "Spanish": "El modelo {product} en {colour} está agotado.",
    },
    {
        "en": "Please bring your booking code {booking} to the meeting point in {city}.",
        "German": "Bitte bringen Sie Ihren Buchungscode {booking} zum Treffpunkt in {city} mit.",
        "French": "Veuillez apporter votre code de réservation {booking} au point de rendez-vous à {city}.",
        "Spanish": "Traiga su código de reserva {booking} al punto de encuentro en {city}.",
    },
    {
        "en": "The departure of the {trip} has been moved to {date}.",
        "German": "Der Start der Tour {trip} wurde auf den {date} verschoben.",
        "French": "Le départ du voyage {trip} a été reporté au {date}.",
        "Spanish": "La salida del viaje {trip} se ha aplazado al {date}.",
    },
    {
        "en": "You can pick up your parcel in our {city} shop for {days} days.",
        "German": "Sie können Ihr Paket {days} Tage lang in unserem Geschäft in {city} abholen.",
        "French": "Vous pouvez retirer votre colis dans notre magasin de {city} pendant {days} jours.",
        "Spanish": "Puede recoger su paquete en nuestra tienda de {city} durante {days} días.",
    },
    {
        "en": "{agent} from our workshop has repaired your {product}.",
        "German": "{agent} aus unserer Werkstatt hat Ihr Produkt {product} repariert.",
        "French": "{agent}, de notre atelier, a réparé votre {product}.",
        "Spanish": "{agent}, de nuestro taller, ha reparado su {product}.",
    },
    {
        "en": "Unfortunately we cannot accept the return, because the time limit of {days} days has passed.",
        "German": "Leider können wir die Rücksendung nicht annehmen, da die Frist von {days} Tagen abgelaufen ist.",
        "French": "Nous ne pouvons malheureusement pas accepter le retour, car le délai de {days} jours est dépassé.",
        "Spanish": "Lamentablemente no podemos aceptar la devolución, porque ha vencido el plazo de {days} días.",
    },
)
_READ: Final = tuple(re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(each["en"]))) for each in PHRASES)


def ask(rng: Random) -> Ask:
    said = company.slots(rng)
    message = " ".join(each["en"] for each in rng.sample(PHRASES, rng.randrange(1, 6))).format(**said)
    language = rng.choices(("German", "French", "Spanish"), weights=(5, 3, 2))[0]
    return say(STUDIO, f"Translate into {language}, formal address:\n\n{message}", max_tokens=600, temperature=0.2)


def answer(seen: Ask, _rng: Random) -> Answer:
    head, message = seen.last_user_text.split("\n\n", 1)
    language = next((name for name in ("German", "French", "Spanish") if name in head), "German")
    found = [(match.start(), phrase[language].format(**match.groupdict())) for phrase, match in _matches(message)]
    return Answer(" ".join(text for _, text in sorted(found)) or message)


def _matches(message: str) -> list[tuple[dict[str, str], re.Match[str]]]:
    tried = ((phrase, pattern.search(message)) for phrase, pattern in zip(PHRASES, _READ, strict=True))
    return [(phrase, match) for phrase, match in tried if match]


TASK = Task("translate_message", "formal address:", ask, answer)
