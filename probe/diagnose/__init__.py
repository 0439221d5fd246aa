"""From observations to a cause. Pure: imports `model` only, opens nothing, asks no clock.

`facts` flattens observations into questions that rules can ask, `compare` holds them against the control, `rule` says
what a rule is, `rules/` holds one table per layer. `engine` applies them and composes the verdict, asking `genuine`
whether the endpoint itself was reached and `outcomes` what a failure means that no rule puts on the path; `considered`
weighs the innocent explanations; `rollup` goes from endpoints to targets. `speed` measures one transfer;
`bogon`, `neighbours` and `fingerprints` are facts about the world.
"""
