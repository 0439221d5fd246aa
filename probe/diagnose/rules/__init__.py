"""The rules, one table per layer.

In a table the first row that fires at a hop makes the finding; tables are independent of each other, so that a forged
answer and a reset on the SNI are two findings.
"""

from probe.diagnose.rule import Rule
from probe.diagnose.rules import dns, http, quic, tcp, tls

TABLES: tuple[tuple[Rule, ...], ...] = (dns.RULES, tcp.RULES, tls.RULES, http.RULES, quic.RULES)
