"""The cluster that stands in for a real one, through the official client; most of this holds on a real one too."""

import os
import threading
import time

import pytest
from kubernetes import watch
from kubernetes.stream import stream

from tests.kube.answers import refusal, terminated
from tests.kube.manifests import IMAGE, asking, pod, python, shell

pytestmark = pytest.mark.slow

ENDED = ("Succeeded", "Failed")
SLEEP = "trap 'exit 0' TERM; while :; do sleep 0.05; done"


def test_a_pod_runs_its_command_and_its_log_is_read(cluster):
    cluster.create_pod(python("greeter", "print('one'); print('two')"))
    ended = cluster.wait_phase("greeter", *ENDED)
    assert ended.status.phase == "Succeeded"
    assert (terminated(ended).exit_code, terminated(ended).reason) == (0, "Completed")
    assert cluster.log("greeter") == "one\ntwo\n"
    assert {"Scheduled", "Pulled", "Created", "Started"} <= {reason for reason, _ in cluster.events("greeter")}


@pytest.mark.parametrize(
    "script, code",
    [("exit 3", 3), ("sh -c 'kill -9 $$$$'; exit $?", 137), ("exec definitely-not-a-program", 127)],
    ids=["own code", "signal", "no such program"],  # the API writes $$ for a $
)
def test_an_exit_code_reaches_the_status(cluster, script, code):
    cluster.create_pod(shell("failing", script))
    ended = cluster.wait_phase("failing", *ENDED)
    assert ended.status.phase == "Failed"
    assert (terminated(ended).exit_code, terminated(ended).reason) == (code, "Error")


def test_a_command_that_is_not_in_the_image_cannot_start(cluster):
    cluster.create_pod(pod("nothing", "/no/such/program"))
    state = terminated(cluster.wait_phase("nothing", *ENDED))
    assert (state.exit_code, state.reason) == (128, "StartError")
    assert "/no/such/program" in state.message


def test_the_termination_message_is_what_the_process_left(cluster):
    cluster.create_pod(shell("telling", "printf 'no rows' > /dev/termination-log; exit 2"))
    assert terminated(cluster.wait_phase("telling", *ENDED)).message == "no rows"


def test_a_process_sees_what_its_pod_declares_and_nothing_of_this_machine(cluster, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", "secret")
    cluster.create_config_map("settings", {"TRAINYARD_STORE": "/store", "BOTH": "from the map"})
    cluster.create_secret("passwords", {"AWS_SECRET_ACCESS_KEY": "s3"})
    manifest = shell("seeing", "env")
    manifest["spec"]["containers"][0] |= {
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"secretRef": {"name": "passwords"}}],
        "env": [
            {"name": "TRAINYARD_POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}},
            {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "BOTH", "value": "plain"},
            {"name": "NAMED", "value": "$(WHERE)/x"},
        ],
    }
    uid = cluster.create_pod(manifest).metadata.uid
    cluster.wait_phase("seeing", "Succeeded")
    seen = dict(line.split("=", 1) for line in cluster.log("seeing").splitlines())
    wanted = {"TRAINYARD_STORE": "/store", "AWS_SECRET_ACCESS_KEY": "s3", "TRAINYARD_POD": uid, "BOTH": "plain"}
    assert wanted.items() <= seen.items() and seen["NAMED"] == f"{cluster.namespace}/x"
    assert not [name for name in seen if name.startswith("AIRFLOW__")]


def test_a_pod_waits_for_a_config_map_that_is_not_there_yet(cluster):
    manifest = shell("waiting", 'test "$LATE" = yes')
    manifest["spec"]["containers"][0]["envFrom"] = [{"configMapRef": {"name": "late"}}]
    cluster.create_pod(manifest)
    held = cluster.wait("waiting", lambda pod: pod.status.container_statuses)
    waiting = held.status.container_statuses[0].state.waiting
    assert (waiting.reason, waiting.message) == ("CreateContainerConfigError", 'configmap "late" not found')
    cluster.create_config_map("late", {"LATE": "yes"})
    cluster.wait_phase("waiting", "Succeeded")


def test_memory_over_the_limit_is_out_of_memory(cluster):
    hungry = python("hungry", "import time; held = bytearray(200_000_000); time.sleep(60)")
    cluster.create_pod(asking(hungry, memory="100Mi"))
    state = terminated(cluster.wait_phase("hungry", *ENDED))
    assert (state.exit_code, state.reason) == (137, "OOMKilled")


def test_children_count_to_the_memory_of_their_container(cluster):
    child = "import time; held = bytearray(200_000_000); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    cluster.create_pod(asking(python("parent", parent), memory="100Mi"))
    assert terminated(cluster.wait_phase("parent", *ENDED)).reason == "OOMKilled"


def test_a_deadline_fails_the_pod(cluster):
    cluster.create_pod(shell("slow", "sleep 60", activeDeadlineSeconds=1))
    ended = cluster.wait_phase("slow", *ENDED)
    assert (ended.status.phase, ended.status.reason) == ("Failed", "DeadlineExceeded")
    assert ended.status.message == "Pod was active on the node longer than the specified deadline"


def test_a_deleted_process_is_asked_to_end_and_given_its_grace(cluster):
    script = "trap 'echo asked; sleep 0.5; echo saved; exit 75' TERM; echo up; while :; do sleep 0.05; done"
    cluster.create_pod(shell("training", script, terminationGracePeriodSeconds=20))
    cluster.wait("training", lambda pod: pod.status.phase == "Running" and "up" in cluster.log("training"))
    lines = []
    follower = threading.Thread(target=lambda: lines.extend(follow(cluster, "training")))
    follower.start()
    cluster.delete("training")
    assert cluster.pod("training").metadata.deletion_timestamp
    cluster.wait_gone("training")
    follower.join(10)
    assert lines == [b"up", b"asked", b"saved"]


def follow(cluster, name):
    response = cluster.core.read_namespaced_pod_log(
        name, cluster.namespace, container="base", follow=True, _preload_content=False
    )
    return b"".join(response.stream()).splitlines()


def test_a_process_that_does_not_listen_is_killed_after_its_grace(cluster):
    """The first process of a container gets no signal that it does not handle, so only the kill ends this one."""
    cluster.create_pod(python("deaf", "import time; time.sleep(60)", terminationGracePeriodSeconds=1))
    cluster.wait_phase("deaf", "Running")
    watcher = watch.Watch()
    cluster.delete("deaf")
    states = [
        event["object"].status.container_statuses[0].state.terminated
        for event in watcher.stream(
            cluster.core.list_namespaced_pod, cluster.namespace, field_selector="metadata.name=deaf", timeout_seconds=3
        )
    ]
    assert {state.exit_code for state in states if state} == {137}


def test_a_name_is_taken_until_the_pod_has_gone(cluster):
    cluster.create_pod(shell("one", "trap '' TERM; sleep 60", terminationGracePeriodSeconds=1))
    cluster.wait_phase("one", "Running")
    status = refusal(cluster.create_pod, shell("one", "true"))
    assert (status["code"], status["reason"]) == (409, "AlreadyExists")
    assert status["message"] == 'pods "one" already exists'
    cluster.delete("one")
    assert refusal(cluster.create_pod, shell("one", "true"))["message"] == (
        'object is being deleted: pods "one" already exists'
    )
    cluster.wait_gone("one")
    cluster.create_pod(shell("one", "true"))
    cluster.wait_phase("one", "Succeeded")


def test_what_is_not_there_is_not_found(cluster):
    status = refusal(cluster.core.read_namespaced_pod, "nobody", cluster.namespace)
    assert (status["code"], status["message"]) == (404, 'pods "nobody" not found')
    status = refusal(cluster.core.create_namespaced_pod, "nowhere", shell("x", "true"))
    assert (status["code"], status["message"]) == (404, 'namespaces "nowhere" not found')


@pytest.mark.parametrize(
    "selector, found",
    [
        ("app=a", ["a"]),
        ("app!=a", ["b"]),
        ("app in (a, b),!done", ["a", "b"]),
        ("app notin (a),app", ["b"]),
        ("app=a,already_checked!=True,!airflow-worker", ["a"]),
        ("nothing", []),
    ],
)
def test_labels_select_pods(cluster, selector, found):
    for name in ("a", "b"):
        cluster.create_pod(shell(name, "true"))
    assert [pod.metadata.name for pod in cluster.pods(selector)] == found


def test_a_field_selects_and_a_label_is_patched(cluster):
    for name in ("a", "b"):
        cluster.create_pod(shell(name, "true"))
    body = {"metadata": {"labels": {"already_checked": "True"}}}
    cluster.core.patch_namespaced_pod("a", cluster.namespace, body)
    assert [pod.metadata.name for pod in cluster.pods("already_checked=True")] == ["a"]
    selected = cluster.core.list_namespaced_pod(cluster.namespace, field_selector="metadata.name=b").items
    assert [pod.metadata.name for pod in selected] == ["b"]


def test_a_watch_tells_of_a_whole_life(cluster):
    since = cluster.core.list_namespaced_pod(cluster.namespace).metadata.resource_version
    cluster.create_pod(shell("brief", "true"))
    cluster.wait_phase("brief", "Succeeded")
    cluster.delete("brief")
    cluster.wait_gone("brief")
    events = list(
        watch.Watch().stream(
            cluster.core.list_namespaced_pod, cluster.namespace, resource_version=since, timeout_seconds=1
        )
    )
    assert [event["type"] for event in events][:: len(events) - 1] == ["ADDED", "DELETED"]
    phases = [event["object"].status.phase for event in events]
    assert sorted(set(phases), key=phases.index) in (["Pending", "Running", "Succeeded"], ["Pending", "Succeeded"])


def test_a_log_is_read_by_time_by_lines_and_byte_for_byte(cluster):
    script = "import sys; sys.stdout.buffer.write(bytes(range(256)) + b'\\n' + b'x' * 40_000 + b'\\nlast')"
    cluster.create_pod(python("binary", script))
    cluster.wait_phase("binary", "Succeeded")

    def read(**named):
        return cluster.core.read_namespaced_pod_log("binary", cluster.namespace, _preload_content=False, **named).data

    assert read() == bytes(range(256)) + b"\n" + b"x" * 40_000 + b"\nlast"
    assert read(tail_lines=1) == b"last"
    assert read(since_seconds=600) == read()
    stamp, _, text = read(timestamps=True, tail_lines=1).partition(b" ")
    assert text == b"last" and time.strptime(stamp.decode()[:19], "%Y-%m-%dT%H:%M:%S")


def test_an_unknown_container_has_no_log(cluster):
    cluster.create_pod(shell("small", "true"))
    cluster.wait_phase("small", "Succeeded")
    status = refusal(cluster.core.read_namespaced_pod_log, "small", cluster.namespace, container="other")
    assert (status["code"], status["message"]) == (400, "container other is not valid for pod small")


def test_a_command_in_a_running_container(cluster):
    cluster.create_pod(shell("host", f"mkdir -p /airflow/xcom; echo kept > /airflow/xcom/note; {SLEEP}"))
    cluster.wait_phase("host", "Running")
    cluster.wait("host", lambda _: "kept" in run_in(cluster, "host", "cat /airflow/xcom/note").read_all())
    session = run_in(cluster, "host", "echo to err >&2; exit 4")
    assert (session.read_stderr(), session.returncode) == ("to err\n", 4)


@pytest.mark.double_only("its containers are processes of this machine")
def test_a_command_sees_the_processes_of_its_container_alone(cluster):
    cluster.create_pod(shell("host", SLEEP))
    cluster.wait_phase("host", "Running")
    found = run_in(cluster, "host", "pgrep -f .").read_all().split()
    assert str(cluster.lives("host")[0].pid) in found and str(os.getpid()) not in found


def run_in(cluster, name, script):
    session = stream(
        cluster.core.connect_get_namespaced_pod_exec,
        name,
        cluster.namespace,
        container="base",
        command=["/bin/sh", "-c", script],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
        _preload_content=False,
    )
    session.run_forever(timeout=10)
    return session


def test_an_image_that_no_registry_has_leaves_the_pod_pending(cluster):
    manifest = shell("unpulled", "true")
    manifest["spec"]["containers"][0]["image"] = IMAGE.rpartition(":")[0] + ":missing"
    cluster.create_pod(manifest)
    held = cluster.wait("unpulled", lambda pod: reason(pod) == "ImagePullBackOff")
    waiting = held.status.container_statuses[0].state.waiting
    assert held.status.phase == "Pending" and waiting.message.startswith("Back-off pulling image ")
    assert "Error: ErrImagePull" in [message for _, message in cluster.events("unpulled")]
    cluster.delete("unpulled")
    cluster.wait_gone("unpulled")


def reason(pod):
    states = [one.state.waiting for one in pod.status.container_statuses or [] if one.state.waiting]
    return states[0].reason if states else None
