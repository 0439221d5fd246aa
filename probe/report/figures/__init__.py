"""Figures of a report as SVG of our own: pure, no script, no font or file fetched, every word real text.

`outcome` holds what a mark can mean with its colours and shapes, `nouns` what a figure is given, `axis` time across the
page, `aggregate` how much is drawn as one mark, `svg` the only way markup is made; `stripe_chart` and
`small_multiples` lay them out. Nothing is interpolated, and no line joins two measurements.
"""
