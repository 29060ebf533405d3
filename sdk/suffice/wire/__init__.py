"""Bytes to Call, one file a wire format. Pure: no network, no clock, no OpenTelemetry."""
