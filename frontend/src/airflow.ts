/** What is started through Airflow's own REST API, with the user's own rights there. */
import { ask, Refusal } from "./http";
import { airflowAt } from "./places";

export type Reprocess = "none" | "failed" | "completed";

const of = encodeURIComponent;
const api = (path: string) => airflowAt(`api/v2/${path}`);

/** The id of the run. */
export async function trigger(dag: string, conf: Record<string, unknown>): Promise<string> {
  const run = await ask<{ dag_run_id: string }>(api(`dags/${of(dag)}/dagRuns`), "POST", { logical_date: null, conf });
  return run.dag_run_id;
}

/** start, end: days; the end is outside. Airflow's own to_date is inside. */
export async function backfill(dag: string, start: string, end: string, again: Reprocess): Promise<void> {
  await ask(api("backfills"), "POST", {
    dag_id: dag,
    from_date: new Date(`${start}T00:00:00Z`).toISOString(),
    to_date: new Date(Date.parse(`${end}T00:00:00Z`) - 1000).toISOString(),
    max_active_runs: 1,
    run_backwards: false,
    reprocess_behavior: again,
    dag_run_conf: {},
  });
}

interface TaskInstance {
  dag_id: string;
  dag_run_id: string;
  task_id: string;
  map_index: number;
}

interface Question {
  subject: string;
  task_instance: TaskInstance;
}

/** Answers the open question about a version; where it was asked. */
export async function answer(model: string, version: number, chosen: "Approve" | "Reject", note: string): Promise<TaskInstance> {
  const dag = `${model}__train`;
  const open = await ask<{ hitl_details: Question[] }>(
    api(`dags/${of(dag)}/dagRuns/~/hitlDetails?response_received=false&limit=50`),
  );
  const about = new RegExp(`\\bversion ${version}\\b`);
  const found = open.hitl_details.find((one) => about.test(one.subject))?.task_instance;
  if (!found) throw new Refusal(404, `No open question about version ${version}: it was answered, or its time is over.`);
  const task = `dags/${of(dag)}/dagRuns/${of(found.dag_run_id)}/taskInstances/${of(found.task_id)}/${found.map_index}`;
  await ask(api(`${task}/hitlDetails`), "PATCH", {
    chosen_options: [chosen],
    params_input: { note: note.trim() || null },
  });
  return found;
}
