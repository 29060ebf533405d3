"""A task's dataset: chosen, split, written, described."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

from suffice.config import read_settings
from suffice.errors import SufficeError, UsageError
from suffice.privacy import gate_of
from suffice_analysis.export.card import Card, render_card
from suffice_analysis.export.examples import choose_examples
from suffice_analysis.export.formats import FORMATS, file_name, write_split
from suffice_analysis.export.splitting import SPLITS, split_examples
from suffice_analysis.plan.subject import Subject
from suffice_store.store import Store

CAPTURES = ("masked", "full")


def make_dataset(store: Store, project: str, subject: Subject, *, form: str, capture: str = "masked") -> Card:
    """Everything but the files. Raises UsageError."""
    if form not in FORMATS:
        raise UsageError(f"there is no format '{form}': {', '.join(FORMATS)}")
    if capture not in CAPTURES:
        raise UsageError(
            f"--capture takes {' or '.join(CAPTURES)}, not '{capture}': of texts that are gone nothing can be learnt"
        )
    gate = gate_of(read_settings(capture=capture, project=project))
    replayed = frozenset(store.read("replays", project=project).column("call_id").to_pylist())
    chosen = choose_examples(subject, gate, store.read("outcomes", project=project).to_pylist(), replayed)
    split = split_examples(chosen, seed=subject.seed)
    return Card(subject, chosen, split, form, project, capture, metadata.version("suffice"))


def write_dataset(card: Card, folder: Path) -> list[str]:
    """The files' names. Raises SufficeError where there is nothing to write or no place for it."""
    if not any(card.split.examples.values()):
        why = ", ".join(f"{reason} ({n:,})" for reason, n in card.chosen.left_out.most_common(3))
        raise SufficeError(f"no call of “{card.subject.task['name']}” may be learnt from: {why or 'it has none'}")
    if folder.exists() and any(folder.iterdir()) and not (folder / "dataset.json").exists():
        raise SufficeError(f"{folder} holds other files: name an empty folder, or one that a dataset was written to")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in (file_name(split, form) for split in SPLITS for form in FORMATS):
            (folder / stale).unlink(missing_ok=True)
        written = [split for split in SPLITS if card.split.examples[split]]
        for split in written:
            write_split(
                folder / file_name(split, card.form),
                card.split.examples[split],
                card.form,
                card.subject.task["task_id"],
            )
        (folder / "README.md").write_text(render_card(card), "utf-8")
        (folder / "dataset.json").write_text(json.dumps(card.as_json(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise SufficeError(f"can't write {folder}: {error.strerror}") from None
    return [*(file_name(split, card.form) for split in written), "README.md", "dataset.json"]
