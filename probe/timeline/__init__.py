"""When a block began and ended: pure functions from rows to episodes. Imports `probe.model` only; no IO, no clock."""
