"""What a Kubernetes API that refuses, or does not answer, means for a person: what is wrong, and the remedy."""

import json
import re

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException
from kubernetes.utils.quantity import parse_quantity
from urllib3.exceptions import HTTPError

QUOTA = re.compile(
    r"exceeded quota: (?P<name>[^,]+), requested: (?P<requested>.+), used: .+, limited: (?P<limited>.+)$"
)
HANDSHAKE = re.compile(r"^Handshake status (?P<status>\d+)")
MESSAGE = re.compile(r'"message":\s*(?P<message>"(?:[^"\\]|\\.)*")')
RBAC = re.compile(r'User "(?P<user>[^"]+)" cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)"')
KNOWN = (ApiException, ConfigException, AirflowNotFoundException, HTTPError)


class ClusterBusy(AirflowException):
    """The cluster is full, or away; the same may be asked of it again later."""


def explained(error: BaseException, namespace: str) -> AirflowException:
    """The same error in words; one that a retry cannot mend is an AirflowFailException."""
    if isinstance(error, ApiException) and status_of(error):
        return _refused(status_of(error), message_of(error), namespace)
    if isinstance(error, ConfigException | AirflowNotFoundException):
        return AirflowFailException(
            f"Airflow has no way to a cluster: {error}. Give the connection kubernetes_default a kube_config_path, or "
            "in_cluster where Airflow itself runs in the cluster (AIRFLOW_CONN_KUBERNETES_DEFAULT)."
        )
    return ClusterBusy(
        f"The Kubernetes API does not answer ({type(error).__name__}: {str(error)[:300]}). A pod that runs goes on; "
        "the next try finds it by its name and waits for it. Check the API server, and its address in "
        "kubernetes_default."
    )


def known_cause(error: BaseException | None) -> BaseException | None:
    """The first in the chain of an error's causes that `explained` has words for."""
    while error is not None and not isinstance(error, KNOWN):
        error = error.__cause__ or error.__context__
    return error


def status_of(error: ApiException) -> int:
    """Of HTTP, 0 without an answer. A refused websocket has it in its reason only."""
    handshake = HANDSHAKE.match(str(error.reason))
    return int(handshake["status"]) if handshake else int(error.status or 0)


def message_of(error: ApiException) -> str:
    """The API's own sentence, from the Status object in its answer."""
    found = MESSAGE.search(str(error.body or error.reason))
    return str(json.loads(found["message"])).rstrip(".") if found else str(error.body or error.reason)


def _refused(status: int, said: str, namespace: str) -> AirflowException:
    if status == 401:
        return AirflowFailException(
            f"The cluster does not know Airflow's credentials: {said}. Renew kubernetes_default."
        )
    if status == 404:
        return AirflowFailException(
            f"{said}. Steps run in the namespace '{namespace}' (TRAINYARD_NAMESPACE): create it, kubectl apply -k "
            "deploy/kustomize/overlays/dev, or name another."
        )
    if status == 403:
        return _forbidden(said)
    if status == 422:
        return AirflowFailException(f"The cluster refuses the pod as it is: {said}. Check its resource class.")
    return ClusterBusy(f"The Kubernetes API answers {status}: {said}.")


def _forbidden(said: str) -> AirflowException:
    if quota := QUOTA.search(said):
        needs = _beyond(quota["requested"], quota["limited"])
        if needs:
            return AirflowFailException(
                f"The class asks for more than the whole quota {quota['name']} holds ({needs}). Name a smaller class, "
                f"or raise the quota (deploy/kustomize). {said}"
            )
        return ClusterBusy(
            f"The quota {quota['name']} is used up for now: {said}. A pool with fewer slots keeps Airflow from asking "
            "for more than there is."
        )
    if rights := RBAC.search(said):
        return AirflowFailException(
            f"{rights['user']} may not {rights['verb']} {rights['resource']}: add the verb '{rights['verb']}' on "
            f"'{rights['resource']}' to Airflow's Role (deploy/kustomize/base/rbac.yaml). {said}"
        )
    if "PriorityClass" in said:
        return AirflowFailException(
            f"{said}. Create the priority classes: kubectl apply -k deploy/kustomize/overlays/dev."
        )
    return AirflowFailException(f"The cluster forbids the pod: {said}.")


def _beyond(requested: str, limited: str) -> str:
    """What is asked beyond a limit even of an empty namespace, such as `limits.memory 64Gi of 32Gi`."""
    wanted, most = (_quantities(text) for text in (requested, limited))
    over = [
        f"{name} {amount} of {most[name]}"
        for name, amount in wanted.items()
        if name in most and parse_quantity(amount) > parse_quantity(most[name])
    ]
    return ", ".join(over)


def _quantities(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.strip().split(",") if "=" in pair)
