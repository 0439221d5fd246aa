"""The nouns of the house: frozen, typed, without IO. Every other room may import from here, and here imports nothing.

One file per noun: `target`, `vantage`, `failure`, `observation`, `diagnosis`, `measurement`, `episode`; `clock` has the
one spelling of a time on disk, `codec` the one spelling of a measurement.
"""
