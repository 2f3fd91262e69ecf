/** Addresses. Ours are relative to <base href>, which the server sets to where it is mounted. */

export type Place =
  | { page: "models" }
  | { page: "model"; model: string }
  | { page: "evaluation" | "lineage"; model: string; version: number }
  | { page: "datasets" }
  | { page: "dataset"; dataset: string }
  | { page: "unknown" };

const VERSIONED = /^models\/([^/]+)\/versions\/(\d+)\/(evaluation|lineage)$/;
const NAMED = /^(models|datasets)\/([^/]+)$/;

export function placeOf(address: URL, base: URL): Place {
  const path = address.pathname.slice(base.pathname.length).replace(/\/$/, "");
  if (path === "") return { page: "models" };
  if (path === "datasets") return { page: "datasets" };
  const versioned = VERSIONED.exec(path);
  if (versioned) {
    const [, model = "", version, page] = versioned;
    return { page: page as "evaluation" | "lineage", model: decodeURIComponent(model), version: Number(version) };
  }
  const named = NAMED.exec(path);
  if (!named) return { page: "unknown" };
  const name = decodeURIComponent(named[2] ?? "");
  return named[1] === "models" ? { page: "model", model: name } : { page: "dataset", dataset: name };
}

const part = encodeURIComponent;

export const MODELS = "./";
export const DATASETS = "datasets";
export const modelAt = (model: string) => `models/${part(model)}`;
export const datasetAt = (dataset: string) => `datasets/${part(dataset)}`;
export const evaluationAt = (model: string, version: number) => `${modelAt(model)}/versions/${version}/evaluation`;
export const lineageAt = (model: string, version: number) => `${modelAt(model)}/versions/${version}/lineage`;
export const documentAt = (path: string) => `documents/${path.split("/").map(part).join("/")}`;

/** Airflow's own pages and API: one folder above ours. */
export const airflowAt = (path: string) => new URL(path, new URL("..", document.baseURI)).href;
export const dagAt = (dag: string) => airflowAt(`dags/${part(dag)}`);
export const runAt = (dag: string, run: string) => airflowAt(`dags/${part(dag)}/runs/${part(run)}`);
