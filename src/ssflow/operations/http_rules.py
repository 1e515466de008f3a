"""Which addresses outside may be called: hosts by name, and only public networks by default."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]

DEFAULT_PORTS = {"http": 80, "https": 443}
_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32_BITS = 0xFFFFFFFF


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class HttpRules:
    """What an installation lets its diagrams call; nothing unless it is told to."""

    allow: Sequence[str] = ()
    """Hosts: `name` and `*.name` at the usual ports, `name:port` at that one."""
    allow_private: Sequence[Network] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    resolve: Resolve = resolve

    def allows_host(self, scheme: str, host: str, port: int) -> bool:
        """Tell whether a host, named in lower case, may be called at a port."""
        return any(_fits(entry, scheme, host, port) for entry in self.allow)

    def allows_address(self, text: str) -> bool:
        """Tell whether an address is public, or in a network that was allowed by hand.

        An address within an address (IPv4 in IPv6) counts as what it leads to.
        """
        try:
            address = _innermost(ip_address(text.partition("%")[0]))
        except ValueError:
            return False
        if any(address in network for network in self.allow_private):
            return True
        return address.is_global and not address.is_multicast


def _fits(entry: str, scheme: str, host: str, port: int) -> bool:
    name, _, given_port = entry.partition(":")
    if port != (int(given_port) if given_port else DEFAULT_PORTS.get(scheme)):
        return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return host == name


def _innermost(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & _LOW_32_BITS)
    return address
