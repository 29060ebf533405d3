"""Which line of the app made the call: the first frame outside site-packages, the standard library and this SDK.

The caller only walks its own frames (about 2 µs for openai's 20); names are made later, in the background.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path
from types import FrameType

Site = tuple[str, str, int]  # file name as compiled, qualified name of the function, line

_LIBRARIES = tuple(
    {
        str(Path(folder)) + "/"
        for key, folder in sysconfig.get_paths().items()
        if key in ("stdlib", "platstdlib", "purelib", "platlib")
    }
)
_OWN = str(Path(__file__).parent) + "/"
_is_app: dict[str, bool] = {}  # by file name; a process has as many entries as source files
_shorts: dict[str, str] = {}  # the same
_LIMIT = 10_000  # an app that compiles code under ever new names must not make us grow


def find(frame: FrameType | None) -> Site | None:
    """The first frame of the app, from ``frame`` outwards."""
    known = _is_app
    while frame is not None:
        code = frame.f_code
        name = code.co_filename
        app = known.get(name)
        if app is None:
            if len(known) >= _LIMIT:
                known.clear()
            app = known[name] = _belongs_to_app(name)
        if app:
            return name, code.co_qualname, frame.f_lineno
        frame = frame.f_back
    return None


def describe(site: Site | None) -> str | None:
    """``agents/triage.py:classify:41``, the file as seen from where the program's modules are looked up."""
    if site is None:
        return None
    file, function, line = site
    short = _shorts.get(file)
    if short is None:
        if len(_shorts) >= _LIMIT:
            _shorts.clear()
        short = _shorts[file] = _short(file)  # 260 µs: it looks through sys.path
    return f"{short}:{function}:{line}"


def _belongs_to_app(file: str) -> bool:
    if file.startswith("<"):
        return not file.startswith("<frozen")  # <stdin>, <string>, <ipython-input-3-...>
    file = file.replace("\\", "/")
    if file.startswith(_OWN) or "/site-packages/" in file or "/dist-packages/" in file:
        return False
    return not file.startswith(_LIBRARIES)


def _short(file: str) -> str:
    path = Path(file)
    roots = [Path.cwd(), *(Path(entry) for entry in sys.path if entry)]
    inside = [path.relative_to(root) for root in roots if path.is_relative_to(root)]
    return min(inside, key=lambda p: len(p.parts)).as_posix() if inside else path.name
