"""The target list: a YAML file in, `model.target.TargetList` or every mistake in it out. Start at `load`.

`marks` reads YAML and keeps the line of everything; `fields` is the one table of what may be written, from which both
the reader (`shapes`) and the JSON Schema (`schema`) are derived; `expand` writes out the shorthand of instances;
`rules` asks what no single field can answer. Nothing here opens a connection or prints.
"""
