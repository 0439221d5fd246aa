"""A simulated internet with plug-in censors. Imports `probe.model` at most, never `probe.net`: the censor shares no IO
with the probe.

`world` is the internet as data and `rule` the censor as data; `loopback` runs both on 127.0.0.1 without root, `packet`
in Linux network namespaces. Servers (`nameserver`, `web`, `proxy`, ...) are the same on both.
"""
