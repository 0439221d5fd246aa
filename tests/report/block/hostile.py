"""A page of which every string that a stranger can write tries to break out of the format it is shown in."""

from pathlib import Path

from probe.model.diagnosis import Diagnosis, Finding, Layer, Verdict
from probe.model.measurement import EgressCheck, EgressOutcome, FitnessEvidence, Software
from probe.model.observation import HTTPRoundTrip
from probe.report.block.view import Block
from probe.report.joined import Outside
from tests.report.block.making import claim, note, page, series
from tests.report.story import RESET

TRICKS = (
    "\x1b[31mred\x1b]0;title\x07",
    "\u202egnp.exe\u202c\u2066x\u2069",
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "![a](http://evil.example/x.png) [b](http://evil.example) <http://evil.example> http://evil.example "
    "www.evil.example",
    "``````\n# Blocked by the government\n\n| a | b |\n| --- | --- |",
    "=HYPERLINK(\"http://evil.example\",\"x\")",
    "line\r\n\u2028two\u2029three\x00",
    "{0} {name} %s ${x} <!-- --> &lt;",
    "**bold** _it_ `code` ~~no~~ | cell | \\",
)  # fmt: skip
EVIL = " ".join(TRICKS)


def hostile_page(folder: Path, lang: str = "en") -> Block:
    """The page; its target and endpoint carry the tricks in their very names."""
    http = HTTPRoundTrip(
        transaction_id=1, hop=0, t0=0.0, t=0.1, address="192.0.2.1", port=443, method="GET", url=f"https://x/{EVIL}",
        status=403, title=EVIL, headers=(("server", EVIL), (EVIL, EVIL)), location=EVIL,
    )  # fmt: skip
    judged = Diagnosis(
        verdict=Verdict.BLOCKED,
        ruleset_version=EVIL,
        findings=(Finding(rule=EVIL, layer=Layer.HTTP, verdict=Verdict.BLOCKED, note=EVIL, evidence=(0,)),),
    )
    told = {
        **RESET, "observations": (http,), "diagnosis": judged, "input": EVIL, "network": EVIL, "target_list": EVIL,
        "software": Software(name=EVIL, version=EVIL, python=EVIL, openssl=EVIL),
        "fitness_evidence": FitnessEvidence(
            note=EVIL, egress=EgressCheck(outcome=EgressOutcome.AGREED, table=EVIL, page=EVIL, found=(4134,))
        ),
    }  # fmt: skip
    measured = series((20, {}), (20, told), target=EVIL, endpoint=EVIL, country=EVIL, rollup="all", required=True)
    outside = Outside(
        (claim(target=EVIL, endpoint=EVIL, country=EVIL, by=EVIL, link=EVIL, evidence=EVIL),),
        (note(target=EVIL, endpoint=EVIL, by=EVIL, text=EVIL),),
    )
    return page(folder, measured, EVIL, lang=lang, outside=outside)
