"""Addresses that no public service can have."""

import pytest

from probe.diagnose.bogon import is_bogon


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "10.10.34.36", "127.0.0.1", "169.254.1.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "192.0.2.1",
     "198.51.100.1", "203.0.113.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1",
     "fd00::1", "2001:db8::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "", "site.example", "1.2.3",
     "1.2.3.4.5"],
)  # fmt: skip
def test_special_addresses_and_what_is_no_address(address: str) -> None:
    assert is_bogon(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "104.16.1.1", "31.13.94.37", "2606:4700::1", "2a01:4f8::1", "::ffff:8.8.8.8"]
)
def test_public_addresses(address: str) -> None:
    assert not is_bogon(address)
