/** Where each node of a lineage is drawn: by layer from left to right, in the order of the answer from top to bottom. */
import type { Lineage, LineageNode } from "../api";

export const HEIGHT = 28;
const DOWN = 34;
const BETWEEN = 30;
// Of a column, by its longest title.
const NARROWEST = 108;
const WIDEST = 220;
const LETTER = 7.4;
const AROUND = 42;
const EDGE = 10;
const HEAD = 26;
// A column of more than this is folded to its ends: a model on daily data has hundreds of partitions.
const MOST = 14;
const ENDS = 5;

export interface Box {
  id: string;
  x: number;
  y: number;
  width: number;
  node: LineageNode | null;
  /** Of a fold: what lies in it. */
  folded: LineageNode[];
  layer: number;
}

export interface Layout {
  boxes: Box[];
  /** The id of the box that a node is in: its own or a fold's. */
  boxOf: Map<string, string>;
  edges: [Box, Box][];
  columns: { x: number; width: number; name: string }[];
  width: number;
  height: number;
}

export const KINDS: Record<LineageNode["kind"], string> = {
  source: "Source",
  raw: "Raw data",
  features: "Joined features",
  training_set: "Training set",
  version: "Version",
  evaluation: "Evaluation",
  promotion: "Promotion",
  predictions: "Predictions",
};

type Cell = Omit<Box, "x" | "y" | "width">;

const cell = (node: LineageNode): Cell => ({ id: node.id, node, folded: [], layer: node.layer });

function cellsOf(nodes: LineageNode[], layer: number, unfolded: number[]): Cell[] {
  if (nodes.length <= MOST || unfolded.includes(layer)) return nodes.map(cell);
  const folded = nodes.slice(ENDS, -ENDS);
  const fold: Cell = { id: `fold/${layer}`, node: null, folded, layer };
  return [...nodes.slice(0, ENDS).map(cell), fold, ...nodes.slice(-ENDS).map(cell)];
}

export function layoutOf(lineage: Lineage, unfolded: number[]): Layout {
  const layers = [...new Set(lineage.nodes.map((one) => one.layer))].sort((a, b) => a - b);
  const columns = placed(layers.map((layer) => cellsOf(lineage.nodes.filter((one) => one.layer === layer), layer, unfolded)));
  const most = Math.max(0, ...columns.map(({ cells }) => cells.length));
  const boxes = columns.flatMap(({ cells, x, width }) =>
    cells.map((one, row): Box => ({ ...one, x, width, y: HEAD + EDGE + (row + (most - cells.length) / 2) * DOWN })),
  );
  const last = columns.at(-1);
  const boxOf = new Map(boxes.flatMap((box) => [box.node, ...box.folded].flatMap((one) => (one ? [[one.id, box.id] as const] : []))));
  return {
    boxes,
    boxOf,
    edges: edgesOf(lineage, boxes, boxOf),
    columns: columns.map(({ cells, x, width }) => ({ x, width, name: nameOf(cells) })),
    width: (last ? last.x + last.width : 0) + EDGE,
    height: HEAD + 2 * EDGE + most * DOWN,
  };
}

interface Column {
  cells: Cell[];
  x: number;
  width: number;
}

function placed(columns: Cell[][]): Column[] {
  let x = EDGE;
  return columns.map((cells) => {
    const longest = Math.max(...cells.map((one) => one.node?.title.length ?? 0));
    const width = Math.min(WIDEST, Math.max(NARROWEST, Math.round(longest * LETTER) + AROUND));
    const column = { cells, x, width };
    x += width + BETWEEN;
    return column;
  });
}

function nameOf(column: Cell[]): string {
  const kinds = column.flatMap((one) => (one.node ? [KINDS[one.node.kind]] : []));
  return [...new Set(kinds)].join(", ");
}

/** One for each pair of boxes, however many nodes lie in a fold. */
function edgesOf(lineage: Lineage, boxes: Box[], boxOf: Map<string, string>): [Box, Box][] {
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const found = new Map<string, [Box, Box]>();
  for (const [from, to] of lineage.edges) {
    const [a, b] = [byId.get(boxOf.get(from) ?? ""), byId.get(boxOf.get(to) ?? "")];
    if (a && b) found.set(`${a.id} ${b.id}`, [a, b]);
  }
  return [...found.values()];
}

/** All that a node was made of and all that was made with it, itself included. */
export function kinOf(id: string, edges: [string, string][]): Set<string> {
  return new Set([...reached(id, edges, 0), ...reached(id, edges, 1)]);
}

function reached(id: string, edges: [string, string][], from: 0 | 1): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of edges) {
    const start = edge[from];
    next.set(start, [...(next.get(start) ?? []), edge[1 - from] as string]);
  }
  const found = new Set([id]);
  for (const one of found) for (const other of next.get(one) ?? []) found.add(other);
  return found;
}
