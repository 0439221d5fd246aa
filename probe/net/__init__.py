"""The floor that touches the wire: sockets, TLS, DNS messages, HTTP. One stage a file.

Nothing above imports those libraries. `network` is the seam to the world (`real`, `scripted`, `remap` implement it);
`trace` counts bytes; `classify` turns the exception in hand into a Failure; `resolve`, `connect`, `handshake` (with
`certificate`), `fetch` (with `body`) and `tunnel` are the stages; `url` takes addresses apart. A stage takes a Trace,
what to do and a deadline, and returns an observation: never an exception for what a network or a server did.
"""
