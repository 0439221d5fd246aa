"""The floor that touches the wire: sockets, TLS, DNS messages, HTTP. One stage a file; nothing above imports these
libraries for measuring.

`network` is the seam to the world (`real`, `scripted`, `remap` implement it); `trace` counts bytes; `classify` turns the
exception in hand into a Failure; `resolve`, `connect`, `handshake` (with `certificate`), `fetch` and `tunnel` are the
stages. A stage takes a Network, what to do and a deadline, and returns an observation: never an exception for anything
that a network or a server did.
"""
