"""The block report: one page on one block, for a journalist, a lawyer and an engineer. Shows; judges and dates nothing.

`collect` reads once more what a page cites (controls, fitness, transcripts, hashes), `build` makes the view of `view`
from it and from the report's own `View`, and each renderer (`markdown`, `csvout`, `jsonblock`, and the figures and HTML
beside them) only lays that view out. Every number and every sentence on a page is made here, once.
"""
