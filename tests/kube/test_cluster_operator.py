"""The real KubernetesPodOperator against the cluster: every call that it makes is answered as it expects."""

import asyncio
import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk.exceptions import AirflowException, TaskDeferred

from tests.kube.answers import terminated, until
from tests.kube.manifests import IMAGE, SECURITY

pytestmark = pytest.mark.slow


def operator(cluster, script, **settings):
    return KubernetesPodOperator(
        task_id="step",
        kubernetes_conn_id=None,
        config_file=str(cluster.kubeconfig),
        namespace=cluster.namespace,
        image=IMAGE,
        cmds=["python", "-c"],
        arguments=[script],
        container_security_context=SECURITY,
        xcom_sidecar_container_security_context=SECURITY,
        termination_grace_period=1,
        startup_check_interval_seconds=0.2,
        do_xcom_push=True,
        **settings,
    )


def context():
    ti = SimpleNamespace(dag_id="d", task_id="step", map_index=-1, try_number=1, xcom_push=lambda key, value: None)
    ti.start_date = datetime.now(UTC)
    return {"ti": ti, "run_id": "manual__1", "dag": SimpleNamespace(parent_dag=None)}


RETURNS = "import json; print('at work'); json.dump({'rows': 3}, open('/airflow/xcom/return.json', 'w'))"


def test_the_operator_gets_its_xcom(cluster, task_log):
    assert operator(cluster, RETURNS).execute(context()) == {"rows": 3}
    # The operator adds a newline to the last line of a log, here as on a real cluster.
    assert "[base] at work\n" in task_log.lines
    until(lambda: not cluster.pods())


def test_the_operator_sees_a_failure(cluster):
    task = operator(cluster, "raise SystemExit(3)", on_finish_action="keep_pod", log_pod_spec_on_failure=False)
    with pytest.raises(AirflowException, match="returned a failure"):
        task.execute(context())
    (pod,) = cluster.pods("dag_id=d")
    assert terminated(pod).exit_code == 3 and pod.metadata.labels["already_checked"] == "True"


def test_the_deferred_operator_gets_its_xcom(cluster, task_log):
    async def first(trigger):
        return (await anext(trigger.run())).payload

    with pytest.raises(TaskDeferred) as deferred:
        operator(cluster, RETURNS, deferrable=True, poll_interval=0.2).execute(context())
    event = asyncio.run(asyncio.wait_for(first(deferred.value.trigger), 30))
    assert event["status"] == "success"
    assert operator(cluster, RETURNS, deferrable=True).trigger_reentry(context(), event) == {"rows": 3}


@pytest.mark.double_only("its API can be taken down")
def test_the_operator_follows_across_a_restart_of_the_api(cluster, task_log):
    work = "import time; print('begun\\nat work', flush=True); time.sleep(2); print('done')"
    script = f"{work}; open('/airflow/xcom/return.json', 'w').write('7')"
    found = []
    worker = threading.Thread(target=lambda: found.append(operator(cluster, script).execute(context())))
    worker.start()
    until(lambda: any("begun" in line for line in task_log.lines))
    cluster.restart_api(down_s=0.5)
    worker.join(60)
    assert found == [7] and "[base] done\n" in task_log.lines
