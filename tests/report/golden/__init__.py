"""Reports over a recorded demo, kept whole: their diff is read by eye.

`demo.jsonl.gz` is a run of `probe demo --rounds 24` (21 November 2026, the lab on loopback), of which the Clubhouse API
and website, one reset instance, the instance that went down and two references were kept. The lines are as written.
`python -m tests.report.golden.write` makes the kept reports anew.
"""
