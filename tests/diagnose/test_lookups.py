"""What one lookup says by itself."""

from probe.diagnose.lookups import Lookup, addresses_of, aliases_of, answered
from probe.model.failure import FailureKind as K
from probe.model.observation import DNSAnswer, DNSLookup, DNSReply
from tests.diagnose.build import HOST, OWN, TRUE, Scene


def lookup(scene: Scene) -> Lookup:
    [found] = scene.observations
    assert isinstance(found, DNSLookup)
    return Lookup(0, found)


def test_an_address_or_a_denial_is_an_answer_and_silence_is_none() -> None:
    assert answered(lookup(Scene().asked(OWN, TRUE)).dns)
    assert answered(lookup(Scene().asked(OWN, failure=K.DNS_NXDOMAIN)).dns)
    assert not answered(lookup(Scene().asked(OWN, failure=K.TIMEOUT)).dns)
    assert not answered(lookup(Scene().asked(OWN, failure=K.DNS_SERVFAIL)).dns)


def test_addresses_and_canonical_names() -> None:
    chain = (DNSAnswer(HOST, "CNAME", "Edge.Example.", 60), DNSAnswer("edge.example", "A", TRUE, 60))
    told = lookup(Scene().asked(OWN, TRUE, replies=(DNSReply(t=0.1, size=80, rcode="NOERROR", answers=chain),)))
    assert addresses_of([told]) == {TRUE}
    assert aliases_of([told]) == {"edge.example"}
    assert aliases_of([lookup(Scene().asked(OWN, TRUE))]) == frozenset()
