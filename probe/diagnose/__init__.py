"""From observations to a cause. Pure: imports `model` only, opens nothing, asks no clock.

`facts` flattens observations into questions that rules can ask, `compare` holds them against the control, `rule` says
what a rule is, `rules/` holds one table per layer, `engine` applies them and composes the verdict; `bogon` and
`fingerprints` are facts about the world.
"""
