"""When a block began and ended: pure functions from rows to episodes. Imports `probe.model` only; no IO, no clock.

`series` says what a measurement counts as; `noise` learns a vantage's ordinary flakiness; `ledger` finds blocks, in
arrays (`reference` is the same written plainly, `live` one measurement at a time); `posterior` dates a change;
`flapping`, `phases` and `cadence` describe what was found; `onset` puts it all together. docs/onset.md explains it.
`events` says which episodes began together, `claims` how they stand to what others say. docs/claims.md explains those.
`history` and `standing` say how an endpoint stands at the end of some measurements, `diff` what changed between two
such states; docs/diff.md explains them.
"""
