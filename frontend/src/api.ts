/** The answers of the server: pipelines/inventory/answers.py and plugins/web/requests.py, in TypeScript. Times: ISO, UTC. */

export type Severity = "ok" | "info" | "warning" | "critical";
export type Verdict = "pass" | "fail" | "cannot_tell";
export type PartitionState = "validated" | "warned" | "quarantined" | "missing" | "late";
export type Family = "train" | "predict" | "monitor";
export type Button = "retrain" | "backfill" | "approve" | "rollback" | "freeze";
export type Rights = Record<Button, boolean>;

export interface Estimated {
  value: number | null;
  low: number | null;
  high: number | null;
}

export type Metrics = Record<string, Record<string, Estimated>>;

export interface Quality {
  part: string;
  ended_at: string;
  version: number;
  metric: string;
  value: number;
  low: number | null;
  high: number | null;
  labelled: number;
  final: boolean;
}

export interface InForce {
  version: number;
  effective_from: string;
  trained_until: string;
  promoted_at: string | null;
  by: string;
}

export interface Drift {
  part: string;
  as_of: string;
  severity: Severity;
  cause: string | null;
  sentence: string;
  reasons: string[];
  document: string;
}

export interface Judged {
  version: number;
  as_of: string;
  verdict: Verdict;
  sentence: string;
  against: number | null;
}

export interface Waiting {
  version: number;
  evaluation: string;
  asked_at: string;
  until: string;
}

export interface Said {
  by: string;
  reason: string;
  at: string;
  until: string | null;
}

export interface Decided {
  part: string | null;
  as_of: string;
  answer: string;
  reason: string;
}

export interface Cost {
  trainings: number;
  cpu_s: number;
  gpu_s: number;
}

export interface Attention {
  kind: "serving_stopped" | "approval" | "decision" | "drift" | "gates" | "no_champion";
  rank: number;
  sentence: string;
}

export interface ModelRow {
  model: string;
  dataset: string;
  description: string;
  owner: string;
  tags: string[];
  metric: string;
  higher_is_better: boolean;
  champion: InForce | null;
  quality: Quality[];
  drift: Drift | null;
  gates: Judged | null;
  decision: Decided | null;
  waiting: Waiting | null;
  frozen: Said | null;
  stopped: Said | null;
  cost: Cost;
  attention: Attention[];
  next_runs: Partial<Record<Family, string>>;
  paused: string[];
}

export type MarkKind = "promotion" | "rollback" | "alarm" | "retrain" | "candidate" | "freeze" | "stop";

export interface Mark {
  kind: MarkKind;
  at: string;
  sentence: string;
  by: string | null;
  version: number | null;
  severity: Severity | null;
  part: string | null;
}

export interface Entry {
  written_at: string | null;
  as_of: string;
  action: string;
  who: string;
  what: string;
  why: string;
}

export interface Candidate extends Judged {
  cpu_s: number | null;
  gpu_s: number | null;
  promoted: boolean;
  withdrawn: boolean;
}

export interface FeatureView {
  view: string;
  owner: string;
  refresh: string;
  source: string;
  names: string[];
  age_h: number | null;
}

export interface Card {
  version: number;
  record: string;
  as_of: string;
  first: string;
  last: string;
  rows: number;
  training_set: string;
  tables: Record<string, (number | null)[]>;
  commit: string | null;
  mlflow_run: string;
  approval: string;
  cpu_s: number | null;
  gpu_s: number | null;
  metrics: Metrics;
  features: FeatureView[];
}

export interface ModelPage {
  row: ModelRow;
  marks: Mark[];
  candidates: Candidate[];
  entries: Entry[];
  card: Card | null;
}

export interface Slice extends Partial<Estimated> {
  name?: string;
  rows?: number;
  p_corrected?: number | null;
  verdict?: string;
}

export interface GateShown extends Estimated {
  kind: string;
  metric: string;
  verdict: Verdict;
  stops: boolean;
  sentence: string;
  bound: number | null;
  passes: "above" | "below" | null;
  rows: number;
  slices: Slice[];
}

export interface CurveShown {
  title: string;
  summary: string;
  x_label: string;
  y_label: string;
  lines: Record<string, [number, number][]>;
  chance: [number, number][];
  chance_label: string;
  marked: boolean;
  rows: Record<string, number>;
}

export interface EvaluationPage {
  model: string;
  version: number;
  as_of: string;
  verdict: Verdict;
  sentence: string;
  against: number | null;
  attempt: number;
  window: [string, string];
  rows: number;
  champion_rows: number;
  gates: GateShown[];
  metrics: Metrics;
  curves: CurveShown[];
  approval: string;
  document: string | null;
}

export type NodeKind =
  | "source"
  | "raw"
  | "features"
  | "training_set"
  | "version"
  | "evaluation"
  | "promotion"
  | "predictions";

export interface LineageNode {
  id: string;
  kind: NodeKind;
  layer: number;
  title: string;
  details: Record<string, string>;
  state: "ok" | "warned" | "gone" | "failed";
  dag_id: string | null;
  as_of: string | null;
  document: string | null;
  mlflow_run: string | null;
}

export interface Lineage {
  model: string;
  version: number;
  record: string;
  nodes: LineageNode[];
  edges: [string, string][];
}

export interface Partition {
  part: string;
  start: string;
  end: string;
  state: PartitionState;
  rows: number | null;
  reasons: string[];
  checked_at: string | null;
  document: string | null;
}

export interface DatasetPage {
  dataset: string;
  description: string;
  owner: string;
  source: string;
  granularity: "day" | "month";
  start: string;
  end: string | null;
  partitions: Partition[];
  models: string[];
}

export interface DatasetRow {
  dataset: string;
  owner: string;
  newest: string | null;
  counts: Partial<Record<PartitionState, number>>;
}

export interface Estimate {
  runs: { start: string; end: string }[];
  seconds: number | null;
  cpu_s: number | null;
  sentence: string;
}
