"""Privacy: what may leave the process, and in which form. ``gate`` is the one way out; docs/privacy.md says what leaves.

credentials.py  shapes of keys and tokens: masked in every mode
personal.py     e-mail, phone, card, IBAN, IP: found and checked
masking.py      text with both replaced; the same value gets the same name
hashing.py      content as keyed hashes that tasks can still be found by
addresses.py    of URLs and headers, the harmless part
secret.py       the key of a project's pseudonyms and hashes
"""

from suffice.privacy.gate import Gate, gate_of

__all__ = ["Gate", "gate_of"]
