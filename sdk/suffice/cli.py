"""``suffice``: finds each subcommand by name, in the package that owns it, and says which extra is missing.

Only this file is imported to dispatch, so that ``suffice run`` costs an app nothing but the SDK.
A command module has ``main(argv: list[str]) -> int``.
"""

from __future__ import annotations

import sys
from importlib import import_module, metadata

from suffice.errors import SufficeError, UsageError

# name -> (module, extra that installs it, one line of help), in the order help shows them
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("suffice_demo.cli", "demo", "simulated agents through real clients, analysed, replayed, with a report"),
    "up": ("suffice_collector.commands.up", "server", "collector + dashboard + analysis on a schedule"),
    "collector": ("suffice_collector.commands.collector", "server", "the collector alone"),
    "dashboard": ("suffice_dashboard.commands.dashboard", "server", "the dashboard alone"),
    "run": ("suffice.commands.run", "", "run any Python program, recorded, unchanged"),
    "import": ("suffice_collector.commands.import_calls", "server", "read recorded calls from files"),
    "analyze": ("suffice_analysis.commands.analyze", "server", "find tasks, estimate replaceability and savings"),
    "tasks": ("suffice_analysis.commands.tasks", "server", "the tasks with share, interval and grade"),
    "report": ("suffice_analysis.commands.report", "server", "write the savings report"),
    "mcp": ("suffice_analysis.commands.mcp", "mcp", "answers an assistant's questions over MCP"),
    "replay": ("suffice_analysis.commands.replay", "server", "ask a candidate a task's recorded calls, and compare"),
    "prove": ("suffice_analysis.commands.prove", "server", "replay what settles most money per dollar, until proven"),
    "plan": (
        "suffice_analysis.commands.plan",
        "server",
        "from proof to moved traffic: routing, validator, steps, rollback",
    ),
    "export": ("suffice_analysis.commands.export", "server", "a task's calls as training data; calls as a log"),
    "doctor": ("suffice.commands.doctor", "", "what is patched, what was captured, does the collector answer"),
    "db renormalise": ("suffice_collector.commands.renormalise", "server", "read stored telemetry by today's dialects"),
    "db": ("suffice_store.commands.db", "server", "info, backup, restore, check, delete, retention, audit"),
    "alerts": ("suffice_collector.commands.alerts", "server", "send a test alert, list those there were"),
    "keys": ("suffice_store.commands.keys", "server", "API keys and roles of people"),
    "prices": (
        "suffice_store.commands.prices",
        "server",
        "list prices, set your own, your contract, your provider's count",
    ),
}


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand. Exit codes: 0 done, 1 failed with a one-line reason on stderr, 2 usage."""
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_help())
        return 0
    if arguments[0] in ("-V", "--version"):
        print(f"suffice {metadata.version('suffice')}")
        return 0
    words = 2 if " ".join(arguments[:2]) in COMMANDS else 1  # the longest name wins: "db renormalise" before "db"
    name, rest = " ".join(arguments[:words]), arguments[words:]
    if name not in COMMANDS:
        return _fail(f"there is no command '{name}'; 'suffice --help' lists them", 2)
    module, extra, _ = COMMANDS[name]
    try:
        try:
            command = import_module(module)
        except ModuleNotFoundError as missing:
            hint = f"pip install 'suffice[{extra}]'" if extra else "reinstall suffice"
            return _fail(f"'suffice {name}' needs {missing.name}: {hint}", 1)
        return int(command.main(rest))
    except UsageError as error:
        return _fail(str(error), 2)
    except SufficeError as error:
        return _fail(str(error), 1)
    except SystemExit as end:  # argparse ends so, after --help and after a usage error
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        return _fail("interrupted; what was stored stays stored", 1)
    except BrokenPipeError:
        return 0


def _fail(reason: str, code: int) -> int:
    print(f"suffice: {reason}", file=sys.stderr)
    return code


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, (_, _, text) in COMMANDS.items()]
    return "\n".join(
        [
            "suffice: which of your agents' LLM calls does a small model suffice for?",
            "",
            "usage: suffice COMMAND [OPTIONS]   ('suffice COMMAND --help' for one)",
            "",
            *lines,
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
