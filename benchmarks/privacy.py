#!/usr/bin/env python3
"""What masking finds, what it takes for personal data by mistake, and what it costs. One run prints it all.

    benchmarks/privacy.py [FOLDER] [--show KIND] [--presidio]

Finds: 500 made secrets (tests/sdk/privacy/made_secrets.py) in each of 12 sentences, and the same of Presidio's own
recognisers where ``presidio-analyzer`` is installed (``--presidio``; with a blank language model, so without names).
Mistakes: what is found in FOLDER, ``*.jsonl.gz`` neutral call logs (default ``$SUFFICE_SHARED/data/calls``), each
distinct message once; ``--show`` prints what was found of a kind, for a person to judge. Cost: processor time of one
thread per kB of those texts, the first time a text is seen and again.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "sdk")]

from sdk.privacy.made_secrets import COUNTS, SENTENCES, Secret, made_secrets  # noqa: E402

from suffice.config import CaptureMode, read_settings  # noqa: E402
from suffice.privacy import Gate  # noqa: E402
from suffice.privacy.credentials import find_credentials  # noqa: E402
from suffice.privacy.masking import Masker  # noqa: E402
from suffice.privacy.personal import find_personal  # noqa: E402
from suffice.privacy.pseudonyms import Pseudonyms  # noqa: E402

Hide = Callable[[str], str]
MODES: tuple[CaptureMode, ...] = ("full", "masked", "hashed", "metrics")
COST_CHARS = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    shared = Path(os.environ.get("SUFFICE_SHARED", ROOT.parent / "shared"))
    parser.add_argument("folder", nargs="?", type=Path, default=shared / "data" / "calls")
    parser.add_argument("--show", metavar="KIND", help="email, phone, card, iban, ip or credential")
    parser.add_argument("--presidio", action="store_true")
    options = parser.parse_args()
    ours: dict[str, Hide] = {"suffice": Masker(Pseudonyms(b"k" * 32)).text}
    finders: dict[str, Hide] = ours | ({"presidio": presidio()} if options.presidio else {})
    print_recall(finders)
    texts = read_texts(options.folder)
    if texts:
        print_found(texts, options.show)
        print_cost(texts, finders)


def print_recall(finders: dict[str, Hide]) -> None:
    secrets = made_secrets()
    print(f"{'hidden of made secrets':<26}{'n':>6}" + "".join(f"{name:>10}" for name in finders))
    for kind, count in COUNTS.items():
        own = [each for each in secrets if each.kind == kind]
        shares = [hidden_share(own, hide) for hide in finders.values()]
        print(f"{kind:<26}{count * len(SENTENCES):>6}" + "".join(f"{share:>10.1%}" for share in shares))


def hidden_share(secrets: Iterable[Secret], hide: Hide) -> float:
    tried = hidden = 0
    for secret in secrets:
        for frame in SENTENCES:
            tried += 1
            hidden += dense(secret.hidden) not in dense(hide(frame.format(secret.text)))
    return hidden / tried


def dense(text: str) -> str:
    return re.sub(r"[ \-]", "", text.lower())


def read_texts(folder: Path) -> list[str]:
    """Every distinct text of the requests and answers."""
    texts: dict[str, None] = {}
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                logged = json.loads(line)
                answers = [
                    choice.get("message") or {} for choice in (logged.get("response") or {}).get("choices") or []
                ]
                for message in (*logged["request"]["messages"], *answers):
                    if isinstance(message.get("content"), str):
                        texts[message["content"]] = None
    return list(texts)


def print_found(texts: list[str], show: str | None) -> None:
    found: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    for text in texts:
        spans = [(each.kind, each.start, each.end) for each in find_personal(text)]
        for kind, start, end in (*spans, *(("credential", start, end) for start, end in find_credentials(text))):
            found[kind] += 1
            if kind == show:
                shown[text[max(0, start - 25) : end + 10].replace("\n", " ")] += 1
    size = sum(map(len, texts))
    print(f"\nfound in {len(texts)} texts, {size / 1e6:.1f} MB: {dict(found)}")
    for line, count in shown.most_common(60):
        print(f"{count:>6}  {line}")


def print_cost(texts: list[str], finders: dict[str, Hide]) -> None:
    random.Random(1).shuffle(texts)
    taken: list[str] = []
    while texts and sum(map(len, taken)) < COST_CHARS:
        taken.append(texts.pop())
    size = sum(map(len, taken))
    print(f"\n{'µs of processor time per kB':<30}{'new':>8}{'again':>8}")
    for mode in MODES:
        gate = Gate(read_settings(capture=mode, secret="s", environ={}))
        new, again = (processor_us(gate_call(gate), taken) / size * 1000 for _ in range(2))
        print(f"{mode:<30}{new:>8.1f}{again:>8.1f}")
    for name, hide in finders.items():
        few = taken if name == "suffice" else taken[:40]
        print(f"{'text alone, ' + name:<30}{processor_us(hide, few) / sum(map(len, few)) * 1000:>8.1f}")


def gate_call(gate: Gate) -> Callable[[str], Any]:
    return lambda text: gate.attributes(
        {"gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": text}]}]}
    )


def processor_us(act: Callable[[str], Any], texts: Iterable[str]) -> float:
    started = time.thread_time()
    for text in texts:
        act(text)
    return (time.thread_time() - started) * 1e6


def presidio() -> Hide:
    """Presidio with its own recognisers of these kinds, and no model of names."""
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine()
    engine.nlp = {"en": spacy.blank("en")}
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    kinds = ["EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS"]

    def hide(text: str) -> str:
        for each in sorted(analyzer.analyze(text, language="en", entities=kinds), key=lambda found: -found.start):
            text = f"{text[: each.start]}*{text[each.end :]}"
        return text

    return hide


if __name__ == "__main__":
    main()
