"""docs/failures.md, written from the table of failures. Knows the page's form; which test causes what is passed in.

A test keeps page and table equal: a new kind cannot stay undocumented.
"""

from collections.abc import Mapping, Sequence

from probe.model.failure import FAILURES, FailureKind

_HEAD = """\
# Failures
Every failure the probe can name: its string in the records, the OONI df-007 string it is exported as, the operations it
can end, what causes it, and the peers in the tests that cause it. Written by `python -m tests.net.causes` from
`probe/model/failure.py` and the tables of `tests/net`; do not edit by hand.

A failure says what was seen, never why: whether it is a block is judged from several observations (`probe/diagnose`).
Three rules hold at every stage:

- A reset is a RST, an EOF is a FIN, a timeout is silence, and none is ever recorded as another. A write that meets a
  reset waits until what the peer said before it has been read.
- What was said in TLS's own words (an alert) keeps its number; bytes that are no TLS are kept, the first 256.
- A body that was cut is a failure although the status came: by a reset, by a FIN before the announced end, or, inside
  TLS, by a FIN without close_notify where the close is the end.

A reset in the middle of a TCP handshake cannot be caused from the socket API on loopback: a RST in answer to the SYN is
`connection_refused`, and one after it is met by the next stage. The tests raise its errno through the network seam, as
they do for what only a router can say (unreachable host or network).
"""


def failures_page(causes: Mapping[FailureKind, Sequence[str]]) -> str:
    """The page as Markdown; `causes` are the tests behind each kind, in words."""
    parts = [_HEAD]
    for kind, fact in FAILURES.items():
        exported = "the same in df-007" if fact.ooni == kind else f"df-007 `{fact.ooni}`"
        operations = ", ".join(f"`{operation}`" for operation in fact.operations)
        tests = "".join(f"- {cause}\n" for cause in dict.fromkeys(causes.get(kind, ())))
        parts.append(f"## `{kind}`\n{fact.cause}\n\nExported as: {exported}. Ends: {operations}.\n\n{tests}")
    return "\n".join(parts)
