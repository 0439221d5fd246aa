"""Translations of sentences whose English stands in other tables are of the English that stands there now.

`originals.json` keeps the English that was translated. When a rule or a failure is worded anew, translate it anew in
every language (`transcript.rule`, `transcript.failure`), and then keep it with
`python -m tests.report.language.test_originals`.
"""

import json
from pathlib import Path

from probe.diagnose.rules import TABLES
from probe.model.failure import FAILURES

KEPT = Path(__file__).parent / "originals.json"


def originals() -> dict[str, str]:
    """The English of now, by key of the catalogues."""
    rules = {f"transcript.rule.{rule.id}": rule.comment for table in TABLES for rule in table}
    return rules | {f"transcript.failure.{kind}": fact.cause for kind, fact in FAILURES.items()}


def test_what_was_translated_is_what_the_tables_say() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    stale = sorted(key for key, text in originals().items() if kept.get(key) != text)
    assert stale == [], "translate these anew, then `python -m tests.report.language.test_originals`"


if __name__ == "__main__":
    KEPT.write_text(json.dumps(originals(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
