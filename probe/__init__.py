"""probe: a censorship-reachability probe.

The floors of the house, lowest first (an import may only point down; `tests/test_architecture.py` keeps it so):

    model                     the nouns: frozen, typed, no IO
    net                       one stage a file; the only floor that touches sockets, TLS, DNS and HTTP libraries
    measure, store, targets   what to measure, in which order; where it is kept; what the user asked for
    schedule, report, interop when to measure; how it is shown; how others read it
    cli                       prints, and nothing else does

Beside them `diagnose` and `timeline`, pure functions over `model`, and `lab`, a simulated internet that shares no IO
code with the probe.
"""

__version__ = "0.1.0"
