"""Start SeaweedFS as an S3 server: who may do what comes from the environment, one key for each who asks.

Master, volume server and filer know no passwords: they listen to this container alone. S3 asks everybody for a key.
"""

import json
import os
import sys
from pathlib import Path

IDENTITIES = Path("/tmp/identities.json")
# By the prefix of its two variables: what each identity may do.
RIGHTS = {
    "ADMIN": ["Admin", "Read", "Write", "List", "Tagging"],
    "STEPS": ["Read:trainyard", "Write:trainyard", "List:trainyard", "Tagging:trainyard"],
    "READER": ["Read:trainyard", "List:trainyard"],
    "MLFLOW": ["Read:mlflow", "Write:mlflow", "List:mlflow", "Tagging:mlflow"],
    "RECOVERY": [f"{right}:{bucket}" for bucket in ("trainyard", "mlflow") for right in ("Read", "Write", "List")],
}
SETTINGS = (
    "-dir=/data -filer -s3 -s3.port=8333 -s3.ip.bind=0.0.0.0 -ip=127.0.0.1 -ip.bind=127.0.0.1 "
    # Its own catalogues and the telemetry of its makers: nobody here asks for them.
    "-s3.port.iceberg=0 -s3.port.lance=0 -s3.iam=false -master.telemetry=false "
    # Small volumes, as many as the disk holds; writing stops while there is still room to delete.
    "-master.volumeSizeLimitMB=256 -volume.max=0 -volume.minFreeSpace=2 -volume.index=leveldb"
)


def identities(environment: dict[str, str]) -> dict[str, list[dict[str, object]]]:
    """SeaweedFS' configuration of keys; raises KeyError naming the variable that is missing."""
    return {
        "identities": [
            {
                "name": name.lower(),
                "credentials": [
                    {"accessKey": environment[f"S3_{name}_KEY"], "secretKey": environment[f"S3_{name}_SECRET"]}
                ],
                "actions": actions,
            }
            for name, actions in RIGHTS.items()
        ]
    }


def main() -> None:
    IDENTITIES.unlink(missing_ok=True)
    descriptor = os.open(IDENTITIES, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(identities(dict(os.environ)), file)
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("S3_")}
    os.execvpe("weed", ["weed", "-logtostderr=true", "server", *SETTINGS.split(), f"-s3.config={IDENTITIES}"], quiet)


if __name__ == "__main__":
    sys.exit(main())
