"""A second implementation of the Ostiary exchange, written from docs/PROTOCOL.md alone."""
