"""The packet-level substrate of the lab: a client, a censor on the path and an internet, in namespaces of their own.

`packets` and `payload` read and write what is on the wire; `flow` and `censor` decide what happens to a packet and need
no privilege; `link`, `netlink` and `namespaces` make the network out of the kernel's parts; `wire` forwards; `topology`
puts it together as PacketLab. Needs unprivileged user namespaces (or root) and either /dev/net/tun or veth; no
netfilter, no tc, no iproute2. The host's own network is never touched.
"""
