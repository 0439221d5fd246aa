"""How often noise alone pages somebody: series without any block, through the alerts of a watch, alerts counted.

    python -m bench.alert_noise --months 400 --seed 7

Each world is one vantage point with 20 endpoints for two months, every 10 minutes, that fail as a two-state chain: 1 %
or 5 % of the time, alone or in bursts (after a failure the next fails with probability 0.05 or 0.43). The watch begins
knowing nothing of them.
"""

import argparse
import secrets
import time

import numpy as np

from probe.alert.alerts import Alerts
from probe.alert.memory import Memory
from probe.timeline.series import Row

EVERY = 600.0
SERIES = 20
DAYS = 60
START = 1_612_742_400.0
KINDS = {"1 % lone": (0.01, 0.01), "5 % lone": (0.05, 0.05), "1 % bursts": (0.006, 0.43), "5 % bursts": (0.03, 0.43)}


def paged(start: float, follow: float, rng: np.random.Generator) -> tuple[int, int]:
    """Suspicions and confirmations in one world."""
    alerts = Alerts(Memory(), every=EVERY)
    bad = [False] * SERIES
    counted = {"suspected": 0, "confirmed": 0}
    for number in range(int(DAYS * 86400 / EVERY)):
        draws = rng.random(SERIES).tolist()
        bad = [draw < (follow if failed else start) for draw, failed in zip(draws, bad, strict=True)]
        for i, failed in enumerate(bad):
            verdict, certainty = ("blocked", "likely") if failed else ("ok", "")
            at = START + number * EVERY
            alerts.take(
                Row(f"{number}/{i}", at, "bj", "CN", 4134, f"t{i}", "api", "api", verdict, certainty, "tls",
                    "sni_reset" if failed else "", "", "reached", "fit"),
                str(number),
            )  # fmt: skip
        for message in alerts.run_finished("bj"):
            if message.kind in counted:
                counted[message.kind] += len(message.alerts)
    return counted["suspected"], counted["confirmed"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--months", type=int, default=400, help="series-months of each kind of noise")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    asked = parser.parse_args()
    print(f"seed {asked.seed}; {SERIES} endpoints a vantage point, {DAYS} days, every {EVERY / 60:.0f} min")
    print(f"{'noise':<12} {'series-months':>13} {'suspected':>10} {'confirmed':>10} {'rows/s':>8}")
    for name, (start, follow) in KINDS.items():
        rng = np.random.default_rng([asked.seed, len(name), int(start * 1000)])
        worlds = max(1, round(asked.months / (SERIES * DAYS / 30)))
        began = time.perf_counter()
        told = [paged(start, follow, rng) for _ in range(worlds)]
        rows = worlds * SERIES * DAYS * 86400 / EVERY
        speed = rows / (time.perf_counter() - began)
        suspected, confirmed = sum(one[0] for one in told), sum(one[1] for one in told)
        print(
            f"{name:<12} {worlds * SERIES * DAYS // 30:>13} {suspected:>10} {confirmed:>10} {speed:>8.0f}", flush=True
        )


if __name__ == "__main__":
    main()
