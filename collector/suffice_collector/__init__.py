"""The collector: OTLP in, calls out, the read API beside it. The only writer of the file."""
