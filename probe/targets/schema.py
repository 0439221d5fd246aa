"""The JSON Schema of a target list, for editors: derived from the table the reader uses (`fields`), so the two agree.

It tells what stands alone: keys, types, vocabularies. What needs the whole list (unique ids, roll-ups that hold, dates
in order) only `load` can tell.
"""

from typing import Any

from probe.targets.fields import FILE

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    return {"$schema": DIALECT, "title": "probe target list", **FILE.schema()}
