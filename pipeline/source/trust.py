"""Whom a child process that uses the network believes."""

import os
import ssl
from pathlib import Path

import certifi

from pipeline.errors import cause

BUNDLE = "ca.pem"


def trust(folder: Path, extra_ca: str) -> None:
    """certifi's authorities and the operator's, in one file in `folder`: from now on the only ones that this process and what it starts believe.

    Raises:
        SourceError: `tls`: the operator's file cannot be read or holds no certificate.
    """
    bundle = folder / BUNDLE
    text = certifi.contents()
    if extra_ca:
        try:
            text += "\n" + Path(extra_ca).read_text("ascii")
            bundle.write_text(text)
            ssl.create_default_context(cafile=extra_ca)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            raise cause("tls", f"The file {extra_ca} cannot be used: {error}.") from error
    bundle.write_text(text)
    os.environ |= {"SSL_CERT_FILE": str(bundle), "SSL_CERT_DIR": str(folder / "none")}
