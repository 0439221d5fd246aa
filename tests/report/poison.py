"""Replaces every string of strangers in a view by one text, so that a test can try to break out of a page anywhere."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import msgspec

KEPT = frozenset({"lang", "zone", "kind", "slug", "state", "key", "role"})
"""Fields that are words of ours, from closed lists: renderers choose by them."""

HOSTILE = (
    '"><script>hacked=1</script>',
    "'><img src=x onerror=hacked=1>",
    '" onmouseover="hacked=1" style="position:fixed',
    "</style></title></svg></pre><script>hacked=1</script>",
    "<svg><foreignObject><body onload=hacked=1></foreignObject></svg>",
    "]]><!--<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;&#x3c;script>",
    "javascript:hacked=1",
    "{{ 7*7 }}{% for x in y %}{# ",
    "\u202egnp.exe\u202c\u2066\u200b\ufeff",
    "\x00\x08\x0b\x1b[2J\x1b]0;title\x07\x7f\x85\ufffe\ud800",
    "expression(hacked=1);}body{display:none}/*",
)


def poisoned(value: Any, text: str) -> Any:
    """The same view with `text` in place of every string that is not a word of ours."""
    if isinstance(value, Enum) or not isinstance(value, str | tuple | Mapping | msgspec.Struct):
        return value
    if isinstance(value, str):
        return text if value else value
    if isinstance(value, Mapping):
        return {key: poisoned(one, text) for key, one in value.items()}
    if isinstance(value, msgspec.Struct):
        changed = {name: _field(name, getattr(value, name), text) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **changed)
    if hasattr(value, "_fields"):
        return type(value)(*(_field(name, one, text) for name, one in zip(value._fields, value, strict=True)))
    return tuple(poisoned(one, text) for one in value)


def _field(name: str, value: Any, text: str) -> Any:
    return value if name in KEPT and isinstance(value, str) else poisoned(value, text)
