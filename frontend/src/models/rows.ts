/** Which models the list shows, and in which order. */
import type { ModelRow } from "../api";

export const STATES = {
  attention: "needs attention",
  drift: "drift warning or worse",
  approval: "waiting for approval",
  frozen: "frozen",
  no_champion: "no champion",
} as const;

export type StateFilter = keyof typeof STATES;
export const COLUMNS = ["model", "champion", "quality", "drift", "gates", "next", "approval", "cost", "owner"] as const;
export type Column = (typeof COLUMNS)[number];

export interface Wanted {
  text: string;
  owner: string;
  tag: string;
  state: StateFilter | "";
  /** Empty: what needs a person first. */
  sort: Column | "";
  down: boolean;
}

export const needs = (row: ModelRow) => row.attention.length > 0;
export const drifts = (row: ModelRow) => row.drift?.severity === "warning" || row.drift?.severity === "critical";

const IN_STATE: Record<StateFilter, (row: ModelRow) => boolean> = {
  attention: needs,
  drift: drifts,
  approval: (row) => row.waiting !== null,
  frozen: (row) => row.frozen !== null,
  no_champion: (row) => row.champion === null,
};

export function soonest(row: ModelRow): [string, string] | null {
  const due = Object.entries(row.next_runs).filter((one): one is [string, string] => Boolean(one[1]));
  return due.sort(([, a], [, b]) => a.localeCompare(b))[0] ?? null;
}

const SEVERITY = { ok: 0, info: 1, warning: 2, critical: 3 };
const VERDICT = { pass: 0, cannot_tell: 1, fail: 2 };
const LAST = "\uffff";

const KEYS: Record<Column, (row: ModelRow) => string | number> = {
  model: (row) => row.model,
  champion: (row) => row.champion?.effective_from ?? LAST,
  quality: (row) => row.quality.at(-1)?.value ?? Number.POSITIVE_INFINITY,
  drift: (row) => (row.drift ? -SEVERITY[row.drift.severity] : 1),
  gates: (row) => (row.gates ? -VERDICT[row.gates.verdict] : 1),
  next: (row) => soonest(row)?.[1] ?? LAST,
  approval: (row) => row.waiting?.until ?? LAST,
  cost: (row) => -row.cost.cpu_s,
  owner: (row) => row.owner,
};

const urgency = (row: ModelRow) => -(row.attention[0]?.rank ?? 0);

function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function ordered(rows: ModelRow[], wanted: Wanted): ModelRow[] {
  const key = wanted.sort ? KEYS[wanted.sort] : urgency;
  const sign = wanted.down ? -1 : 1;
  return rows.toSorted((a, b) => sign * compare(key(a), key(b)) || compare(a.model, b.model));
}

export function matching(rows: ModelRow[], wanted: Wanted): ModelRow[] {
  const text = wanted.text.trim().toLowerCase();
  return rows.filter(
    (row) =>
      (!text || `${row.model} ${row.description} ${row.tags.join(" ")}`.toLowerCase().includes(text)) &&
      (!wanted.owner || row.owner === wanted.owner) &&
      (!wanted.tag || row.tags.includes(wanted.tag)) &&
      (!wanted.state || IN_STATE[wanted.state](row)),
  );
}

export function fromQuery(query: string): Wanted {
  const given = new URLSearchParams(query);
  const text = (name: string) => given.get(name) ?? "";
  return {
    text: text("q"),
    owner: text("owner"),
    tag: text("tag"),
    state: text("state") in STATES ? (text("state") as StateFilter) : "",
    sort: COLUMNS.find((one) => one === text("sort")) ?? "",
    down: given.has("down"),
  };
}

export function asQuery(wanted: Wanted): string {
  const { text, owner, tag, state, sort, down } = wanted;
  const told = Object.entries({ q: text, owner, tag, state, sort, down: down ? "1" : "" }).filter(([, value]) => value);
  return told.length ? `?${new URLSearchParams(told)}` : "";
}
