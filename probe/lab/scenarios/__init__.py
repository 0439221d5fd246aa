"""The ground truth as data: for each scenario of the lab a world, what the path does, and the diagnosis an ideal
classifier gives.

`scenario` is the noun, `base` the internet most of them share, one file per section of the list (`innocent` with
`vantage`, `dns`, `tcp`, `tls`, `http`, `redirects`, `quic`), `catalogue` all of them by number and name. Nothing here
runs anything, and no expectation was copied from what the probe says: they are argued from what the path does.
"""
