import { useState } from "react";
import type { Entry } from "../api";
import { Table } from "../parts/Table";
import { Day, Moment } from "../parts/times";

const AT_FIRST = 20;

export function Journal({ entries }: { entries: Entry[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? entries : entries.slice(0, AT_FIRST);
  const rows = shown.map((one) => [
    one.written_at ? <Moment key="written" at={one.written_at} /> : <span className="muted">not kept</span>,
    <Day key="as-of" at={one.as_of} />,
    one.action,
    one.who,
    one.what,
    one.why,
  ]);
  return (
    <section className="panel" aria-labelledby="journal">
      <h2 id="journal">Journal</h2>
      {rows.length ? (
        <Table cards caption="Journal, newest first" head={["Written", "As of", "What", "Who", "In words", "Why"]} rows={rows} />
      ) : (
        <p className="muted">Nothing was promoted, approved, rolled back or frozen yet.</p>
      )}
      {shown.length < entries.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show all {entries.length}
        </button>
      )}
    </section>
  );
}
