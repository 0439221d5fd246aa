"""When runs happen, one at a time: a run (`once`), the standing watch (`loop`), the host's own schedulers (`units`)."""
