"""Nobody reaches a step's pod; it reaches the store, MLflow, Feast's databases and DNS, and nothing else."""

from ipaddress import ip_network

import pytest

from tests.deploy.manifests import DEPLOY, OVERLAYS, STEPS, named, of_kind, rendered

DNS = {53}
REACHED = {"dev": DNS | {5000, 9000}, "prod": DNS | {5000, 443, 5432, 6379, 80}}


def policies(overlay, namespace):
    return [one["spec"] for one in of_kind(overlay, "NetworkPolicy", namespace)]


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("namespace", [STEPS, "mlflow"])
def test_what_no_policy_allows_is_denied_both_ways(overlay, namespace):
    denied = named(overlay, "NetworkPolicy", "deny-all", namespace)["spec"]
    assert denied == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nobody_reaches_a_step(overlay):
    assert not [rule for policy in policies(overlay, STEPS) for rule in policy.get("ingress", [])]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_step_reaches_what_it_needs_and_no_more(overlay):
    all_steps = [policy for policy in policies(overlay, STEPS) if policy["podSelector"] == {}]
    rules = [rule for policy in all_steps for rule in policy.get("egress", [])]
    assert all(rule.get("to") and rule.get("ports") for rule in rules), "a rule without both opens the whole network"
    assert {port["port"] for rule in rules for port in rule["ports"]} == REACHED[overlay]
    blocks = [ip_network(peer["ipBlock"]["cidr"]) for rule in rules for peer in rule["to"] if "ipBlock" in peer]
    assert all(block.is_private and block.prefixlen >= 22 for block in blocks)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_step_that_tells_people_reaches_the_world_and_no_private_network(overlay):
    (policy,) = [policy for policy in policies(overlay, STEPS) if policy["podSelector"] != {}]
    assert policy["podSelector"] == {"matchLabels": {"trainyard/step": "alert"}}
    ((block,),) = [[peer["ipBlock"] for peer in rule["to"]] for rule in policy["egress"]]
    assert all(ip_network(block["cidr"]).supernet_of(ip_network(one)) for one in block["except"])
    assert all(ip_network(one).is_private or ip_network(one).is_link_local for one in block["except"])
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [443, 465, 587]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_policy_that_names_pods_names_pods_that_exist(overlay):
    """A label with a typing error would cut the steps off without a word."""
    running = {
        (one["metadata"]["namespace"], tuple(one["spec"]["template"]["metadata"]["labels"].items()))
        for one in rendered(overlay)
        if one["kind"] == "Deployment"
    }
    for policy in policies(overlay, STEPS):
        for peer in (peer for rule in policy.get("egress", []) for peer in rule["to"] if "podSelector" in peer):
            (namespace,) = peer["namespaceSelector"]["matchLabels"].values()
            labels = set(peer["podSelector"]["matchLabels"].items())
            assert namespace == "kube-system" or any(
                namespace == where and labels <= set(found) for where, found in running
            ), f"{namespace} {labels}"


def test_production_lets_steps_into_the_service_subnets_of_the_terraform():
    (peer,) = [
        peer["ipBlock"]["cidr"]
        for rule in named("prod", "NetworkPolicy", "to-store-and-feast", STEPS)["spec"]["egress"]
        for peer in rule["to"]
        if any(port["port"] == 443 for port in rule["ports"])
    ]
    terraform = DEPLOY / "terraform" / "eks"
    assert '"10.40.0.0/16"' in (terraform / "variables.tf").read_text()
    assert "cidrsubnet(var.network, 8, 224 + index)" in (terraform / "network.tf").read_text()
    # cidrsubnet: 8 bits more than the /16, numbered from 224; three zones at most.
    subnets = list(ip_network("10.40.0.0/16").subnets(prefixlen_diff=8))[224:227]
    assert all(subnet.subnet_of(ip_network(peer)) for subnet in subnets)
