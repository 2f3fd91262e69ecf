import type { Partition } from "../api";
import { count } from "../format";
import { Badge, PARTITION_STATES } from "../parts/Badge";
import { STATES } from "./DatasetsPage";

/** What the colours and signs mean, and how many there are of each. */
export function Legend({ partitions }: { partitions: Partition[] }) {
  return (
    <ul className="links plain-list" aria-label="Partitions by state">
      {STATES.map((state) => {
        const { tone, icon, text } = PARTITION_STATES[state];
        return (
          <li key={state}>
            <Badge tone={tone} icon={icon}>
              {count(partitions.filter((one) => one.state === state).length)} {text}
            </Badge>
          </li>
        );
      })}
    </ul>
  );
}
