"""One module a subcommand; each has ``main(argv) -> int``."""
