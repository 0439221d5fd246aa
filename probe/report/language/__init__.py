"""The languages of the block report: a catalogue a language (`en.toml`, `zh.toml`), and dates in the words of each.

A new language is one file beside these with the same keys and placeholders; a test tells what is missing.
"""
