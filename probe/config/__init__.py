"""Where the values of options come from when no flag gives them: environment, `./probe.toml`, the user's own file.

Knows names, places and their order of precedence; what an option means, and which there are, the command line says.
"""
