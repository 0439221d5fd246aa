"""The packet-level substrate of the lab: a client, a censor on the path and an internet, in namespaces of their own.

`packets` and `quic` read and write what is on the wire; `flow`, `listen`, `inject`, `hand` and `censor` decide what
happens to a packet and need no privilege; `link`, `netlink` and `namespaces` make the network out of the kernel's
parts; `forwarder` forwards, `internet` serves, `build` is the lab's process and `topology` the lab as PacketLab. Needs
unprivileged user namespaces (or root) and either /dev/net/tun or veth (`ability` tries); no netfilter, no tc, no
iproute2. The host's own network is never touched.
"""
