#!/usr/bin/env python3
"""oci-image.py LAYER.tar OUT.tar ARCHITECTURE VERSION: the image around a root: one layer, and how it is run.

OUT.tar is an OCI image layout (image-spec 1.0) as podman, skopeo and `docker load` read it. The health check is no part of that
specification; it is written as Docker writes it, and other runtimes skip it.
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import time

PORTS = ("8012/tcp", "10200/tcp")
VOLUMES = ("/var/lib/makima", "/var/cache/makima")
# Bash asks, since nothing else in the image speaks HTTP: whether the process serves.
HEALTH = "exec 3<>/dev/tcp/127.0.0.1/8012 && printf 'GET /health HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && grep -q '\"ok\"' <&3"
SECOND = 1_000_000_000


class Layout:
    """Blobs by their digests, and the files that name them."""

    def __init__(self):
        self.files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def add(self, content, kind):
        digest = hashlib.sha256(content).hexdigest()
        self.files[f"blobs/sha256/{digest}"] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    def add_json(self, content, kind):
        return self.add(json.dumps(content, sort_keys=True, separators=(",", ":")).encode(), kind)

    def write(self, path, when):
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in sorted(self.files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime, entry.mode = len(content), when, 0o644
                archive.addfile(entry, io.BytesIO(content))


def configuration(layer, architecture, created):
    return {
        "created": created, "architecture": architecture, "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created": created, "created_by": "packaging/image.sh"}],
        "config": {
            "User": "10200:10200", "WorkingDir": "/var/lib/makima",
            "Entrypoint": ["/usr/bin/makima"], "Cmd": ["serve"],
            # Uploads are kept for a moment, where the root cannot be written.
            "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/var/lib/makima", "XDG_CACHE_HOME=/var/cache",
                    "TMPDIR=/var/cache/makima", "LC_ALL=C.UTF-8"],
            "ExposedPorts": {port: {} for port in PORTS}, "Volumes": {volume: {} for volume in VOLUMES},
            "StopSignal": "SIGTERM",
            "Healthcheck": {"Test": ["CMD", "/bin/bash", "-c", HEALTH], "Interval": 30 * SECOND, "Timeout": 5 * SECOND, "Retries": 3},
        },
    }


def main():
    source, out, architecture, version = sys.argv[1:]
    when = int(os.environ["SOURCE_DATE_EPOCH"])
    with open(source, "rb") as file:
        layer = file.read()
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
    layout = Layout()
    packed = layout.add(gzip.compress(layer, compresslevel=6, mtime=0), "layer.v1.tar+gzip")
    config = layout.add_json(configuration(layer, architecture, created), "config.v1+json")
    manifest = layout.add_json(
        {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": [packed]},
        "manifest.v1+json")
    manifest["platform"] = {"architecture": architecture, "os": "linux"}
    # Its tag, and its name where images are kept.
    manifest["annotations"] = {
        "org.opencontainers.image.ref.name": version, "io.containerd.image.name": f"localhost/makima:{version}"}
    layout.files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [manifest]}, sort_keys=True).encode()
    layout.write(out, when)


if __name__ == "__main__":
    main()
