"""Tests of the catalogues and of dates in each language."""
