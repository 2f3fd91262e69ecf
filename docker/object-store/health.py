"""Whether S3 answers, and refuses who has no key: a server without its keys would let everybody in."""

import sys
import urllib.error
import urllib.request

ADDRESS = "http://127.0.0.1:8333"


def main() -> int:
    urllib.request.urlopen(f"{ADDRESS}/healthz", timeout=4).close()
    try:
        urllib.request.urlopen(ADDRESS, timeout=4).close()
    except urllib.error.HTTPError as refused:
        return 0 if refused.code == 403 else 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
