"""Says of each address in the input whether Python's own tables hold it for globally reachable unicast."""

import ipaddress
import sys

for line in sys.stdin:
    address = ipaddress.ip_address(line.strip())
    print("public" if address.is_global and not address.is_multicast and not address.is_reserved else "special")
