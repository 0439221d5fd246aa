"""The rules, one table per layer.

In a table the first row that fires at a hop makes the finding; tables are independent of each other, so that a forged
answer and a reset on the SNI are two findings.

Of the sources that rows name these were looked up, or stand in the project's facts: RFC 8914's codes, RFC 7725, df-007,
OONI's finding on Tanzania, JOSA blog 78, Anonymous 2012, Jones et al. 2014, Cloudflare 2025, Pi-hole's manual, rows of
ooni/blocking-fingerprints. Section numbers of RFC 9505 and all other papers are cited from memory.
"""

from probe.diagnose.rule import Rule
from probe.diagnose.rules import dns, http, quic, tcp, tls

TABLES: tuple[tuple[Rule, ...], ...] = (dns.RULES, tcp.RULES, tls.RULES, http.RULES, quic.RULES)
