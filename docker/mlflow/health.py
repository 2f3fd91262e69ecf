"""Whether MLflow serves, and refuses who gives no password."""

import sys
import urllib.error
import urllib.request

ADDRESS = "http://127.0.0.1:5000"


def main() -> int:
    urllib.request.urlopen(f"{ADDRESS}/health", timeout=8).close()
    try:
        urllib.request.urlopen(f"{ADDRESS}/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=8).close()
    except urllib.error.HTTPError as refused:
        return 0 if refused.code == 401 else 1
    return 1


if __name__ == "__main__":
    sys.exit(main())
