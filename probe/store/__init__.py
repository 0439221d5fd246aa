"""Results on disk: where they lie (`layout`), how they are written (`journal`) and how they are read (`reader`).

Knows files and bytes, not what a record means: judging is `diagnose`, dating `timeline`, showing `report`.
"""
