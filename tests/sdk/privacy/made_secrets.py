"""Made secrets: seeded, valid by their check digits, in the spellings people use. Nobody's."""

from __future__ import annotations

import random
import string
from typing import NamedTuple

COUNTS = {"email": 80, "phone": 80, "card": 70, "iban": 60, "ipv4": 50, "ipv6": 40, "key": 120}  # 500
_FIRST = [
    "anna",
    "ben",
    "chloe",
    "david",
    "elif",
    "farid",
    "greta",
    "hugo",
    "ines",
    "jun",
    "kofi",
    "lena",
    "mia",
    "noor",
    "olga",
    "pablo",
    "quinn",
    "rosa",
    "sven",
    "tara",
]
_LAST = [
    "abel",
    "berg",
    "cruz",
    "diaz",
    "evans",
    "fischer",
    "garcia",
    "haas",
    "ito",
    "jones",
    "kaya",
    "lopez",
    "meyer",
    "novak",
    "okoye",
    "park",
    "quist",
    "rossi",
    "shah",
    "tran",
]
_HOSTS = ("example.com", "mail.example.org", "example.co.uk", "firma.example.de", "x.example.io")
_IBANS = {"DE": "bbbbbbbbnnnnnnnnnn", "GB": "aaaannnnnnnnnnnnnn", "FR": "nnnnnnnnnnxxxxxxxxxxxnn", "NL": "aaaannnnnnnnnn", "ES": "nnnnnnnnnnnnnnnnnnnn", "IT": "annnnnnnnnnxxxxxxxxxxxx"}  # fmt: skip
_KEYS = (
    ("sk-", 48), ("sk-proj-", 64), ("sk-ant-api03-", 80), ("ghp_", 36), ("github_pat_", 60), ("AKIA", 16), ("AIza", 35),
    ("gsk_", 40), ("hf_", 34), ("xoxb-", 40), ("glpat-", 20), ("sk_live_", 24), ("npm_", 36), ("Bearer ", 40),
    ("api_key=", 32), ("password: ", 14), ("jwt", 0), ("postgres", 20), ("pem", 0), ("Authorization: Basic ", 24),
)  # fmt: skip
SENTENCES = (
    "Please note {} for later.", "My {} is new; call it.", "See {}, thanks!", "({})", "contact={}\nnext line", "\"{}\"",
    "Kunde schrieb: {} und wartet.", "- {}\n- done", "before\\n{}\\nafter", "<b>{}</b>", "{}", "Reply to {} today, 12:30.",
)  # fmt: skip


class Secret(NamedTuple):
    """A secret as it stands in a text, and the part of it that must not be found anywhere."""

    kind: str
    text: str
    hidden: str


def made_secrets(seed: int = 7) -> list[Secret]:
    """500 of them, kinds mixed."""
    chance = random.Random(seed)
    secrets = [_MAKERS[kind](chance) for kind, count in COUNTS.items() for _ in range(count)]
    chance.shuffle(secrets)
    return secrets


def sentence(secret: Secret, chance: random.Random) -> str:
    """The secret within ordinary words."""
    return chance.choice(SENTENCES).format(secret.text)


def _email(chance: random.Random) -> Secret:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    local = chance.choice([f"{first}.{last}", f"{first[0]}{last}{chance.randint(1, 99)}", f"{first}_{last}", f"{first.title()}+shop"])  # fmt: skip
    local += str(chance.randint(10, 9999))
    address = f"{local}{chance.choice(['@', '@', '@', '%40'])}{chance.choice(_HOSTS)}"
    return Secret("email", address, local)


def _phone(chance: random.Random) -> Secret:
    def n(count: int) -> str:
        return str(chance.randint(2, 9)) + "".join(chance.choice(string.digits) for _ in range(count - 1))

    number = chance.choice([f"+49 17{chance.randint(0, 9)} {n(7)}", f"+1 ({n(3)}) {n(3)}-{n(4)}", f"({n(3)}) {n(3)}-{n(4)}", f"{n(3)}-{n(3)}-{n(4)}", f"+44 20 {n(4)} {n(4)}", f"017{chance.randint(0, 9)} {n(7)}", f"+33{n(9)}", f"030/{n(8)}"])  # fmt: skip
    return Secret("phone", number, number)


def _card(chance: random.Random) -> Secret:
    prefix, length = chance.choice([("4", 16), ("51", 16), ("55", 16), ("37", 15), ("2221", 16), ("6011", 16)])
    body = prefix + "".join(chance.choice(string.digits) for _ in range(length - len(prefix) - 1))
    number = next(body + digit for digit in string.digits if _luhn(body + digit))
    gap = chance.choice(["", " ", "-"])
    written = gap.join([number[:4], number[4:8], number[8:12], number[12:]]) if length == 16 else number
    return Secret("card", written, written)


def _luhn(number: str) -> bool:
    digits = [int(each) for each in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * each, 10)) for each in digits[1::2])) % 10 == 0


def _iban(chance: random.Random) -> Secret:
    country, form = chance.choice(sorted(_IBANS.items()))
    letters = {
        "n": string.digits,
        "b": string.digits,
        "a": string.ascii_uppercase,
        "x": string.digits + string.ascii_uppercase,
    }
    body = "".join(chance.choice(letters[each]) for each in form)
    check = 98 - int("".join(str(int(each, 36)) for each in f"{body}{country}00")) % 97
    number = f"{country}{check:02d}{body}"
    spaced = " ".join(number[i : i + 4] for i in range(0, len(number), 4))
    written = chance.choice([number, spaced, number.lower()])
    return Secret("iban", written, written)


def _ipv4(chance: random.Random) -> Secret:
    address = ".".join(str(chance.randint(11, 250)) for _ in range(4))
    return Secret("ipv4", address, address)


def _ipv6(chance: random.Random) -> Secret:
    groups = [f"{chance.randint(0x1000, 0xFFFF):x}" for _ in range(4)]
    address = chance.choice([f"2001:db8:{groups[0]}::{groups[1]}:{groups[2]}", f"fd00:{':'.join(groups)}::1", f"2001:db8:{':'.join(groups)}:1:2"])  # fmt: skip
    return Secret("ipv6", address, address)


def _key(chance: random.Random) -> Secret:
    prefix, length = chance.choice(_KEYS)

    def run(count: int, letters: str = string.ascii_letters + string.digits) -> str:
        return "".join(chance.choice(letters) for _ in range(count))

    if prefix == "jwt":
        body = run(40)
        return Secret("key", f"eyJ{run(20)}.eyJ{body}.{run(43)}", body)
    if prefix == "pem":
        body = run(64)
        return Secret("key", f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----", body)
    if prefix == "postgres":
        body = run(16)
        return Secret("key", f"postgres://app:{body}@db.example.com:5432/app", body)
    body = run(length, string.ascii_uppercase + string.digits) if prefix == "AKIA" else run(length)
    return Secret("key", prefix + body, body)


_MAKERS = {"email": _email, "phone": _phone, "card": _card, "iban": _iban, "ipv4": _ipv4, "ipv6": _ipv6, "key": _key}
