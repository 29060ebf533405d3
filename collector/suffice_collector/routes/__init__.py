"""What is answered at which path: one file for telemetry, reads, changes and health each."""
