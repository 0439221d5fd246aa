"""Where we measure from, as its operator declares it. Whether that is so is a question for `measure/fitness`."""

import msgspec


class Vantage(msgspec.Struct, frozen=True, kw_only=True):
    """A vantage point.

    `country` is ISO 3166-1 alpha-2, `ZZ` when not declared; `asn` a number, 0 when not declared (OONI's conventions);
    `network` a free name of the network; `resolver` the address of the resolver its users have, if declared.
    """

    name: str
    country: str = "ZZ"
    asn: int = 0
    network: str = ""
    resolver: str = ""
