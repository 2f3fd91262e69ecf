import type { ModelRow } from "../api";
import { count, daysSince, fromNow, busy, plural, words } from "../format";
import { Badge, SEVERITIES, StateBadge, VERDICTS } from "../parts/Badge";
import { Facts } from "../parts/Facts";
import { Day, Moment } from "../parts/times";
import { datasetAt, evaluationAt } from "../places";

export function Summary({ row }: { row: ModelRow }) {
  return (
    <>
      <p className="lead">{row.description}</p>
      <div className="summary">
        <Facts
          of={[
            ["Champion", <Champion key="champion" row={row} />],
            ["Drift", <DriftState key="drift" row={row} />],
            ["Last gates", <Gates key="gates" row={row} />],
          ]}
        />
        <Facts
          of={[
            ["Owner", row.owner],
            ["Data", <a key="data" href={datasetAt(row.dataset)}>{row.dataset}</a>],
            ["Tags", row.tags.join(", ") || null],
            ["Watched by", `${row.metric}, ${row.higher_is_better ? "higher" : "lower"} is better`],
          ]}
        />
        <Facts
          of={[
            ["Next runs", <Due key="due" row={row} />],
            ["Cost, 30 days", <Spent key="spent" row={row} />],
          ]}
        />
      </div>
    </>
  );
}

function Champion({ row: { champion } }: { row: ModelRow }) {
  if (!champion) return <span className="muted">none yet</span>;
  return (
    <>
      <b>v{champion.version}</b> since <Day at={champion.effective_from} />, {count(daysSince(champion.effective_from))} d
      <small className="muted block">
        let through by {champion.by}
        {champion.promoted_at && (
          <>
            {" "}
            on <Moment at={champion.promoted_at} />
          </>
        )}
      </small>
    </>
  );
}

function DriftState({ row: { drift } }: { row: ModelRow }) {
  if (!drift) return <span className="muted">not watched yet</span>;
  return (
    <>
      <StateBadge shown={SEVERITIES[drift.severity]} /> in {drift.part}
      {drift.cause && drift.cause !== "none" ? `, ${words(drift.cause)}` : ""}
    </>
  );
}

function Gates({ row: { model, gates } }: { row: ModelRow }) {
  if (!gates) return <span className="muted">nothing judged yet</span>;
  return (
    <>
      <StateBadge shown={VERDICTS[gates.verdict]} /> <a href={evaluationAt(model, gates.version)}>version {gates.version}</a>
    </>
  );
}

function Due({ row }: { row: ModelRow }) {
  const due = Object.entries(row.next_runs);
  if (due.length + row.paused.length === 0) return <span className="muted">none due</span>;
  return (
    <>
      {due.map(([family, at]) => (
        <span key={family} className="block" title={fromNow(at)}>
          {family}: <Moment at={at} />
        </span>
      ))}
      {row.paused.map((family) => (
        <span key={family} className="block">
          {family}:{" "}
          <Badge tone="neutral" icon="pause">
            paused
          </Badge>
        </span>
      ))}
    </>
  );
}

function Spent({ row: { cost } }: { row: ModelRow }) {
  if (cost.trainings === 0) return <span className="muted">no training</span>;
  return (
    <>
      {plural(cost.trainings, "training")}: {busy(cost.cpu_s)} of CPU
      {cost.gpu_s > 0 ? `, ${busy(cost.gpu_s)} of GPU` : ""}
    </>
  );
}
