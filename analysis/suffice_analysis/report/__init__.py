"""The report: read once from the store into one model, rendered from it in every format."""
