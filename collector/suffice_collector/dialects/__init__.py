"""One file a telemetry dialect: spans to CallRecords. Pure functions with fixed names."""
