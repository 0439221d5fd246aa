"""Which network we leave by: as a page tells that the user named, or as the user's own table has our addresses.

Nobody is asked who was not named (`--egress-url`), and the addresses that come in are kept in memory only: what is
recorded are numbers of networks.
"""

import ipaddress
import json
from typing import Any, NamedTuple

from probe.measure import endpoint, flow
from probe.measure.asn_table import Network
from probe.measure.flow import Errand
from probe.measure.log import Log, Tools
from probe.model.measurement import EgressCheck, EgressOutcome, EgressWay
from probe.model.observation import Purpose
from probe.model.vantage import Vantage


class Egress(NamedTuple):
    """The networks we were seen to leave by, each once; why none is known (`unknown`), empty where nobody asked; and
    `addresses`, our own as others see them, never to be written anywhere. `ways`, `table` and `page` as in the record
    (`EgressCheck`)."""

    networks: tuple[Network, ...] = ()
    unknown: str = ""
    addresses: frozenset[str] = frozenset()
    ways: tuple[EgressWay, ...] = ()
    table: str = ""
    page: str = ""


UNASKED = Egress()


async def find(tools: Tools) -> Egress:
    """Ask the page, if there is one, and look our global addresses up in the table, if there is one."""
    settings = tools.settings
    if settings.egress is None and settings.asn_table is None:
        return UNASKED
    told = await _ask(tools) if settings.egress is not None else _Told()
    own = {address for address in settings.own_addresses if _is_global(address)}
    addresses = sorted(own | ({told.address} if told.address else set()))
    found = [told.network] if told.network is not None else []
    known = {one: network for one in addresses if (network := _lookup(tools, one)) is not None}
    networks = {network.asn: network for network in reversed([*found, *known.values()])}
    unknown = "" if networks else _why_unknown(settings.egress is not None, told, addresses)
    by_page = bool(found) or told.address in known if networks else settings.egress is not None
    by_table = bool(known) if networks else settings.asn_table is not None
    return Egress(
        networks=tuple(networks.values()),
        unknown=unknown,
        addresses=frozenset(addresses),
        ways=(EgressWay.ASN_TABLE,) * by_table + (EgressWay.EGRESS_URL,) * by_page,
        table=settings.asn_table.name if by_table and settings.asn_table is not None else "",
        page=settings.egress.host if by_page and settings.egress is not None else "",
    )


def _lookup(tools: Tools, address: str) -> Network | None:
    table = tools.settings.asn_table
    return None if table is None else table.lookup(address)


def checked(vantage: Vantage, egress: Egress) -> EgressCheck:
    """What a record says of all this."""
    found = sorted({network.asn for network in egress.networks})
    return EgressCheck(
        outcome=_outcome(vantage.asn, found, asked=bool(egress.ways)),
        ways=egress.ways,
        table=egress.table,
        page=egress.page,
        found=tuple(found),
    )


def _outcome(declared: int, found: list[int], *, asked: bool) -> EgressOutcome:
    if not asked:
        return EgressOutcome.NOT_ASKED
    if not declared or not found:
        return EgressOutcome.UNKNOWN
    if declared not in found:
        return EgressOutcome.DISAGREED
    return EgressOutcome.AGREED if found == [declared] else EgressOutcome.MIXED


def mismatch(vantage: Vantage, egress: Egress) -> str:
    """What is wrong with the declared network, in a sentence; empty if it is one of those seen, or nothing is known."""
    numbers = [network.asn for network in egress.networks]
    if not vantage.asn or not numbers or vantage.asn in numbers:
        return ""
    return f"declared AS{vantage.asn}, seen from {' and '.join(map(str, egress.networks))}"


def remark(vantage: Vantage, egress: Egress) -> str:
    """What is worth knowing of a vantage that is where it says: another way out beside it, or that nothing is known."""
    others = [network for network in egress.networks if network.asn != vantage.asn]
    if vantage.asn and others:
        return f"seen from {' and '.join(map(str, others))} as well as from AS{vantage.asn}"
    return egress.unknown if vantage.asn else ""


class _Told(NamedTuple):
    """What a page said: a network, an address of ours, or neither; `answered`: it said something."""

    network: Network | None = None
    address: str = ""
    answered: bool = False


async def _ask(tools: Tools) -> _Told:
    where = tools.settings.egress
    assert where is not None  # noqa: S101 - the caller has looked
    log = Log.begin(tools.network)  # of its own, and dropped: the answer holds our address
    lookups = await endpoint.lookup_all(log, tools, where.host, 0, Purpose.MAIN, 0)
    addresses = endpoint.addresses_of(lookups, own=True, most=1) or endpoint.addresses_of(lookups, own=False, most=1)
    for address in addresses:
        walked = await flow.run(log, tools, Errand(where, address))
        if walked.response is not None and walked.reached and 200 <= walked.response.status < 300:
            return told_by(walked.response.body_text)
    return _Told()


def told_by(text: str) -> _Told:
    """What a page's text says: a JSON object with `asn` (4134, "4134" or "AS4134"), one with an address anywhere at
    its top, or an address and nothing else."""
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        document = text.strip()
    values = document.values() if isinstance(document, dict) else [document]
    address = next((value for value in values if isinstance(value, str) and _is_global(value)), "")
    number = str(document.get("asn", "")) if isinstance(document, dict) else ""
    digits = number.upper().removeprefix("AS")
    known = digits.isascii() and digits.isdigit() and 0 < int(digits) < 2**32 if len(digits) <= 10 else False
    return _Told(Network(int(digits), "") if known else None, address, answered=True)


def _is_global(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_global
    except ValueError:
        return False


def _why_unknown(asked: bool, told: _Told, addresses: list[str]) -> str:
    if addresses:
        return "the network we leave by is not known: our address is not in the table"
    if not asked:
        return "the network we leave by is not known: this machine's own address is private, and no --egress-url is set"
    what = "named neither a network nor an address" if told.answered else "gave no answer"
    return f"the network we leave by is not known: the page of --egress-url {what}"
