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
    {
        "en": "Your invoice of {date} over {amount} is attached.",
        "German": "Ihre Rechnung vom {date} über {amount} liegt bei.",
        "French": "Votre facture du {date} d'un montant de {amount} est jointe.",
        "Spanish": "Adjuntamos su factura del {date} por {amount}.",
    },
    {
        "en": "We are sorry that the {product} did not meet your expectations.",
        "German": "Es tut uns leid, dass {product} nicht Ihren Erwartungen entsprach.",
        "French": "Nous sommes désolés que le modèle {product} n'ait pas répondu à vos attentes.",
        "Spanish": "Lamentamos que el modelo {product} no cumpliera sus expectativas.",
    },
    {
        "en": "{name} will be your guide on the {trip}.",
        "German": "{name} führt Sie auf der Tour {trip}.",
        "French": "{name} sera votre guide pour le voyage {trip}.",
        "Spanish": "{name} será su guía en el viaje {trip}.",
    },
    {
        "en": "Please check whether {street} in {city} is still your address.",
        "German": "Bitte prüfen Sie, ob {street} in {city} noch Ihre Adresse ist.",
        "French": "Merci de vérifier si {street} à {city} est toujours votre adresse.",
        "Spanish": "Compruebe si {street} en {city} sigue siendo su dirección.",
    },
    {
        "en": "Your voucher is worth {amount} and is valid until {date}.",
        "German": "Ihr Gutschein hat einen Wert von {amount} und gilt bis {date}.",
        "French": "Votre bon d'une valeur de {amount} est valable jusqu'au {date}.",
        "Spanish": "Su vale de {amount} es válido hasta el {date}.",
    },
    {
        "en": "Could you send us a photograph of the damage to your {product}?",
        "German": "Könnten Sie uns ein Foto des Schadens an {product} senden?",
        "French": "Pourriez-vous nous envoyer une photo du dommage sur votre {product}?",
        "Spanish": "¿Podría enviarnos una foto del daño en su {product}?",
    },
    {
        "en": "The shop in {city} is closed on {date} for stocktaking.",
        "German": "Das Geschäft in {city} ist am {date} wegen Inventur geschlossen.",
        "French": "Le magasin de {city} sera fermé le {date} pour inventaire.",
        "Spanish": "La tienda de {city} estará cerrada el {date} por inventario.",
    },
    {
        "en": "You are number {days} on the waiting list for the {trip}.",
        "German": "Sie stehen auf Platz {days} der Warteliste für {trip}.",
        "French": "Vous êtes au rang {days} sur la liste d'attente pour {trip}.",
        "Spanish": "Usted ocupa el puesto {days} en la lista de espera para {trip}.",
    },
    {
        "en": "We have changed size {size} of your order {order} as you wished.",
        "German": "Wir haben Größe {size} in Ihrer Bestellung {order} wie gewünscht geändert.",
        "French": "Nous avons modifié la taille {size} de votre commande {order} comme souhaité.",
        "Spanish": "Hemos cambiado la talla {size} de su pedido {order} como deseaba.",
    },
    {
        "en": "Members since {year} receive the new catalogue in {city} first.",
        "German": "Mitglieder seit {year} erhalten den neuen Katalog in {city} zuerst.",
        "French": "Les membres depuis {year} reçoivent le nouveau catalogue à {city} en premier.",
        "Spanish": "Los socios desde {year} reciben primero el nuevo catálogo en {city}.",
    },
    {
        "en": "A second attempt to deliver to {street} will be made on {date}.",
        "German": "Ein zweiter Zustellversuch in {street} erfolgt am {date}.",
        "French": "Une deuxième tentative de livraison à {street} aura lieu le {date}.",
        "Spanish": "El {date} se hará un segundo intento de entrega en {street}.",
    },
    {
        "en": "Your account has been closed on {date} and your data deleted.",
        "German": "Ihr Konto wurde am {date} geschlossen und Ihre Daten wurden gelöscht.",
        "French": "Votre compte a été fermé le {date} et vos données ont été supprimées.",
        "Spanish": "Su cuenta se cerró el {date} y sus datos se han borrado.",
    },
    {
        "en": "The repair of the {product} costs {amount} and takes {days} days.",
        "German": "Die Reparatur von {product} kostet {amount} und dauert {days} Tage.",
        "French": "La réparation du {product} coûte {amount} et prend {days} jours.",
        "Spanish": "La reparación de {product} cuesta {amount} y tarda {days} días.",
    },
    {
        "en": "Please pack the {product} and the {product2} into one parcel.",
        "German": "Bitte packen Sie {product} und {product2} in ein Paket.",
        "French": "Veuillez emballer le {product} et le {product2} dans un seul colis.",
        "Spanish": "Por favor, ponga {product} y {product2} en un solo paquete.",
    },
)
_READ: Final = tuple(
    re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(each["en"])) + r"(?= |$)") for each in PHRASES
)


LANGUAGES: Final = {"de-DE": "German", "fr-FR": "French", "es-ES": "Spanish"}
TEMPLATE: Final = """Translation of a service message, formal address: yes, target {code}
Keep codes, amounts, product names and city names as they are. Keep the number of sentences. Do not add a greeting or a
signature, and do not explain your choice of words.

{message}"""


def ask(rng: Random) -> Ask:
    said = company.slots(rng)
    message = " ".join(each["en"] for each in rng.sample(PHRASES, rng.randrange(1, 7))).format(**said)
    code = rng.choices(tuple(LANGUAGES), weights=(5, 3, 2))[0]
    return say(STUDIO, TEMPLATE.format(code=code, message=message), max_tokens=600, temperature=0.2)


def answer(seen: Ask, _rng: Random) -> Answer:
    head, message = seen.last_user_text.split("\n\n", 1)
    language = next((name for code, name in LANGUAGES.items() if code in head), "German")
    found = [(match.start(), phrase[language].format(**match.groupdict())) for phrase, match in _matches(message)]
    return Answer(" ".join(text for _, text in sorted(found)) or message)


def _matches(message: str) -> list[tuple[dict[str, str], re.Match[str]]]:
    tried = ((phrase, pattern.search(message)) for phrase, pattern in zip(PHRASES, _READ, strict=True))
    return [(phrase, match) for phrase, match in tried if match]


TASK = Task("translate_message", "a service message, formal address", ask, answer)
