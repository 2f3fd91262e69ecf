import { useDeferredValue } from "react";
import type { ModelRow } from "../api";
import { Row } from "./Row";
import { COLUMNS, type Column, type Wanted } from "./rows";

// About two screens. The others follow after the first paint.
const AT_ONCE = 30;

const HEADS: Record<Column, string> = {
  model: "Model",
  champion: "Champion",
  quality: "Quality",
  drift: "Drift",
  gates: "Last gates",
  next: "Next run",
  approval: "Approval",
  cost: "Cost, 30 days",
  owner: "Owner",
};

interface Props {
  rows: ModelRow[];
  wanted: Wanted;
  set: (wanted: Wanted) => void;
}

export function ModelsTable({ rows, wanted, set }: Props) {
  const shown = useDeferredValue(rows, rows.slice(0, AT_ONCE));
  return (
    <div className="scroll cards models">
      {/* As cards on a narrow screen the elements are no table any more; the roles say that it still is one. */}
      <table role="table">
        <caption className="hidden">Models, {wanted.sort ? `by ${HEADS[wanted.sort]}` : "what needs a person first"}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {COLUMNS.map((column) => (
              <Head key={column} column={column} wanted={wanted} set={set} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {shown.map((row) => (
            <Row key={row.model} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Up, then down, then what needs a person first again. */
function next(wanted: Wanted, column: Column): Wanted {
  if (wanted.sort !== column) return { ...wanted, sort: column, down: false };
  return wanted.down ? { ...wanted, sort: "", down: false } : { ...wanted, down: true };
}

function Head({ column, wanted, set }: Pick<Props, "wanted" | "set"> & { column: Column }) {
  const sorted = wanted.sort !== column ? "none" : wanted.down ? "descending" : "ascending";
  return (
    <th role="columnheader" scope="col" aria-sort={sorted}>
      <button type="button" className="plain" onClick={() => set(next(wanted, column))}>
        {HEADS[column]}
        <span aria-hidden="true" className="arrow">
          {sorted === "none" ? "" : wanted.down ? "↓" : "↑"}
        </span>
      </button>
    </th>
  );
}
