import type { FeatureView } from "../api";
import { lasting, plural } from "../format";
import { Table } from "../parts/Table";

export function Features({ views }: { views: FeatureView[] }) {
  const all = views.reduce((sum, one) => sum + one.names.length, 0);
  const rows = views.map((one) => [
    one.view,
    <details key="names">
      <summary>{plural(one.names.length, "feature")}</summary>
      <ul className="names">
        {one.names.map((name) => (
          <li key={name}>
            <code>{name}</code>
          </li>
        ))}
      </ul>
    </details>,
    one.owner,
    one.source,
    one.refresh,
    one.age_h === null ? <span className="muted">has no age</span> : lasting(one.age_h * 3600),
  ]);
  return (
    <section className="panel" aria-labelledby="features">
      <h2 id="features">Features, {all} in {plural(views.length, "view")}</h2>
      <Table
        cards
        caption="Features by view"
        head={["View", "Features", "Owner", "Source", "Refreshed", "Age when used, worst day"]}
        rows={rows}
        numbers={[5]}
      />
    </section>
  );
}
