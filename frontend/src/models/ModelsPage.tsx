import { useDeferredValue, useEffect, useMemo, useState } from "react";
import type { ModelRow } from "../api";
import { Icon } from "../parts/Icon";
import { Asked, Empty } from "../parts/states";
import { count, plural } from "../format";
import { Filters } from "./Filters";
import { ModelsTable } from "./ModelsTable";
import { asQuery, drifts, fromQuery, matching, needs, ordered, type Wanted } from "./rows";

export function ModelsPage() {
  return (
    <Asked<ModelRow[]> path="models" title="Models">
      {(rows) => (
        <>
          <h1>Models</h1>
          {rows.length ? <List rows={rows} /> : <NoModels />}
        </>
      )}
    </Asked>
  );
}

function NoModels() {
  return (
    <Empty title="No model that you may see">
      Declare one below <code>pipelines/models/</code> and check it with <code>python -m pipelines specs</code>, or
      ask an administrator for the right to see its DAGs.
    </Empty>
  );
}

function List({ rows }: { rows: ModelRow[] }) {
  const [wanted, setWanted] = useState(() => fromQuery(location.search));
  useEffect(() => {
    history.replaceState(null, "", `${location.pathname}${asQuery(wanted)}`);
  }, [wanted]);
  // Typing stays quick while 500 rows follow.
  const asked = useDeferredValue(wanted);
  const shown = useMemo(() => ordered(matching(rows, asked), asked), [rows, asked]);
  return (
    <>
      <Counts rows={rows} wanted={wanted} set={setWanted} />
      <Filters rows={rows} wanted={wanted} set={setWanted} />
      <p className="hidden" role="status">
        {plural(shown.length, "model")} shown
      </p>
      {shown.length ? (
        <ModelsTable rows={shown} wanted={wanted} set={setWanted} />
      ) : (
        <Empty title="No model is like that">
          {count(rows.length)} others are.{" "}
          <button type="button" onClick={() => setWanted(fromQuery(""))}>
            Clear the filters
          </button>
        </Empty>
      )}
    </>
  );
}

interface CountsProps {
  rows: ModelRow[];
  wanted: Wanted;
  set: (wanted: Wanted) => void;
}

function Counts({ rows, wanted, set }: CountsProps) {
  const person = rows.filter(needs).length;
  const drift = rows.filter(drifts).length;
  const pick = (state: Wanted["state"]) => () => set({ ...wanted, state: wanted.state === state ? "" : state });
  return (
    <div className="counts">
      <button type="button" aria-pressed={wanted.state === "attention"} onClick={pick("attention")}>
        <Icon name="person" /> <b>{count(person)}</b> {person === 1 ? "needs" : "need"} a person
      </button>
      <button type="button" aria-pressed={wanted.state === "drift"} onClick={pick("drift")}>
        <Icon name="warning" /> <b>{count(drift)}</b> {drift === 1 ? "drifts" : "drift"}
      </button>
      <span>
        <b>{count(rows.length)}</b> {rows.length === 1 ? "model" : "models"}
      </span>
    </div>
  );
}
