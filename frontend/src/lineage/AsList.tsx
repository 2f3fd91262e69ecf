import { useMemo } from "react";
import type { Lineage } from "../api";
import { STATE_WORDS } from "./Graph";
import { KINDS } from "./layout";

/** The picture in words, for who cannot see it and for who wants to search in it. */
export function AsList({ lineage }: { lineage: Lineage }) {
  const titles = useMemo(() => new Map(lineage.nodes.map((one) => [one.id, one.title])), [lineage]);
  const kinds = [...new Set(lineage.nodes.toSorted((a, b) => a.layer - b.layer).map((one) => one.kind))];
  const madeOf = (id: string) => lineage.edges.filter(([, to]) => to === id).map(([from]) => titles.get(from) ?? from);
  return (
    <details>
      <summary>As a list</summary>
      <ul>
        {kinds.map((kind) => (
          <li key={kind}>
            {KINDS[kind]}
            <ul>
              {lineage.nodes
                .filter((one) => one.kind === kind)
                .map((one) => (
                  <li key={one.id}>
                    {one.title}, {STATE_WORDS[one.state]}
                    {madeOf(one.id).length > 0 && <span className="muted">; made of {madeOf(one.id).join(", ")}</span>}
                  </li>
                ))}
            </ul>
          </li>
        ))}
      </ul>
    </details>
  );
}
