"""Shows what the measurements say: one view, built once, and one renderer a format. Judges and dates nothing itself.

`gather` brings rows from `store` to `timeline`, `view` builds the view, `registry` names the renderers. A new format is
one function `render(view, page) -> str` and one line in the registry.
"""
