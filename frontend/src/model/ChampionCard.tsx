import type { Card } from "../api";
import { asDay, count, busy } from "../format";
import { Digest, Facts } from "../parts/Facts";
import { MetricsTable } from "../parts/MetricsTable";
import { evaluationAt, lineageAt } from "../places";

interface Props {
  card: Card;
  model: string;
  owner: string;
}

/** Versions as spans: 0–11 rather than twelve numbers. */
function spans(versions: (number | null)[]): string {
  const known = versions.filter((one): one is number => one !== null);
  const found: [number, number][] = [];
  for (const one of known) {
    const last = found.at(-1);
    if (last && one === last[1] + 1) last[1] = one;
    else found.push([one, one]);
  }
  const told = found.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  if (known.length < versions.length) told.push("some not known");
  return told.join(", ");
}

export function ChampionCard({ card, model, owner }: Props) {
  return (
    <section className="panel" aria-labelledby="card">
      <h2 id="card">Version {card.version}, in force</h2>
      <div className="summary">
        <Facts
          of={[
            ["Release record", <Digest key="record" of={card.record} />],
            ["As of", asDay(card.as_of)],
            ["Trained on", `${card.first} to ${card.last}, ${count(card.rows)} rows`],
            ["Training set", <Digest key="set" of={card.training_set} />],
            ...Object.entries(card.tables).map(([name, versions]): [string, string] => [name, `versions ${spans(versions)}`]),
          ]}
        />
        <Facts
          of={[
            ["Approval", card.approval],
            ["Owner", owner],
            ["Commit", card.commit && <Digest of={card.commit} />],
            ["MLflow run", <Digest key="mlflow" of={card.mlflow_run} />],
            ["Cost", card.cpu_s === null ? null : `${busy(card.cpu_s)} of CPU${card.gpu_s ? `, ${busy(card.gpu_s)} of GPU` : ""}`],
            [
              "More",
              <span key="more" className="links">
                <a href={evaluationAt(model, card.version)}>Evaluation</a>
                <a href={lineageAt(model, card.version)}>Lineage</a>
              </span>,
            ],
          ]}
        />
      </div>
      <h3>Metrics when it was judged</h3>
      <MetricsTable metrics={card.metrics} />
    </section>
  );
}
