#!/usr/bin/env python3
"""Asks the local network for a service by multicast DNS, as any other computer would.

    discover.py OWN_ADDRESS SERVICE

OWN_ADDRESS is this computer's on the network to ask. Prints who answered to `SERVICE.local`; exit status 1 when nobody did.
"""
import re
import socket
import struct
import sys
import time


def main():
    own, service = sys.argv[1:3]
    labels = service.split(".") + ["local"]
    name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    # One question: PTR, class IN. Asked from a port of our own, the answer comes back to it alone (RFC 6762, 6.7).
    query = struct.pack("!6H", 1, 0, 1, 0, 0, 0) + name + struct.pack("!2H", 12, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((own, 0))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        sock.settimeout(1)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            sock.sendto(query, ("224.0.0.251", 5353))
            try:
                answer, (address, _) = sock.recvfrom(9000)
            except TimeoutError:
                continue
            if name[:-1] in answer and struct.unpack("!H", answer[6:8])[0] > 0:
                texts = [t.decode() for t in re.findall(rb"[\x21-\x7e]{1,60}=[\x21-\x7e]{0,60}", answer)]
                print(f"{service} at {address} {' '.join(texts)}".strip())
                return
    sys.exit(1)


if __name__ == "__main__":
    main()
