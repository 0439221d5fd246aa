"""The command line: one file per command, and the only room that prints.

Heavy libraries are imported inside commands, so that `probe --help` stays quick.
"""
