"""What a watch tells people, and when: from measurements, one at a time, to messages that go out once.

`watched` keeps the ledger of one series, `places` the state of a vantage point, `overdue` says who has not measured;
`alerts` puts them together and gathers a run's news into messages, worded by `words`. `memory` and `catchup` carry it
over a restart. `outbox` keeps what is to be sent and tries again; `senders` are the ways out. Nothing is sent that is
not configured, and no message holds an address of the vantage point. docs/alerts.md explains it.
"""
