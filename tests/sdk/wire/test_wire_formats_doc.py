"""docs/wire-formats.md against the registry. ``python tests/sdk/wire/test_wire_formats_doc.py`` writes its tables anew."""

from __future__ import annotations

from pathlib import Path

from suffice.wire.portable import TARGETS
from suffice.wire.registry import FORMATS, WireFormat

DOC = Path(__file__).parents[3] / "docs" / "wire-formats.md"


def formats_table() -> str:
    rows = ["| format | paths end in | streams | can be written from another | file |", "|---|---|---|---|---|"]
    rows += [
        f"| `{each.NAME}` | {', '.join(f'`{ending}`' for ending in each.PATH_ENDINGS)} | {_yes(each.STREAMS)} "
        f"| {_yes(each.CHATS)} | `{_file(each)}` |"
        for each in FORMATS
    ]
    return "\n".join(rows)


def losses_table() -> str:
    rows = ["| written as | parameters it takes | and loses |", "|---|---|---|"]
    for name, target in TARGETS.items():
        losses = []
        if target.system_apart:
            losses.append("a later system message becomes the user's; neighbours of one role become one message")
        if not target.strict_tools:
            losses.append("`strict` of tools")
        if target.largest_temperature < 2:
            losses.append(f"temperature over {target.largest_temperature:g}")
        if target.needs_max_tokens:
            losses.append("nothing, but gets `max_tokens` where none was set")
        parameters = ", ".join(f"`{each}`" for each in sorted(target.parameters))
        rows.append(f"| `{name}` | {parameters} | {'; '.join(losses) or '–'} |")
    return "\n".join(rows)


def _yes(value: bool) -> str:
    return "yes" if value else "–"


def _file(wire_format: WireFormat) -> str:
    return f"{getattr(wire_format, '__name__', '').rpartition('.')[2]}.py"


def filled(text: str) -> str:
    for name, table in (("formats", formats_table()), ("losses", losses_table())):
        start, end = f"<!-- {name}: made by tests/sdk/wire/{Path(__file__).name} -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(start)
        text = before + start + "\n" + table + "\n" + end + rest.partition(end)[2]
    return text


def test_the_tables_are_the_registrys() -> None:
    text = DOC.read_text(encoding="utf-8")
    assert filled(text) == text


def test_every_chat_format_has_a_row_of_losses() -> None:
    assert set(TARGETS) == {each.NAME for each in FORMATS if each.CHATS}


if __name__ == "__main__":
    DOC.write_text(filled(DOC.read_text(encoding="utf-8")), encoding="utf-8")
