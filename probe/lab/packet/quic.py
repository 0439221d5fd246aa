"""placeholder"""

from probe.lab.dissect import Hello


def is_initial(data: bytes) -> bool:
    return False


def initial_hello(data: bytes) -> Hello | None:
    return None
