"""What to measure, in which order, how often, and what to try after a failure; the wire itself is `net`'s.

`plan` says what a run would touch (pure), `flow` walks one connection through the stages, `endpoint` one endpoint
through its hops and retries, `control` asks the same elsewhere, `followup` experiments after an anomaly, `fitness`
judges the vantage by its references, `runner` keeps many endpoints going at once and hands each measurement to a sink.
"""
