import type { Candidate, ModelPage } from "../api";
import { busy } from "../format";
import { Badge, StateBadge, VERDICTS } from "../parts/Badge";
import { Table } from "../parts/Table";
import { Day } from "../parts/times";
import { evaluationAt, lineageAt } from "../places";

export function Candidates({ page: { row, candidates } }: { page: ModelPage }) {
  const rows = candidates.map((one) => [
    <b key="version">v{one.version}</b>,
    <Day key="as-of" at={one.as_of} />,
    <StateBadge key="verdict" shown={VERDICTS[one.verdict]} />,
    <Fate key="fate" one={one} champion={row.champion?.version} />,
    one.sentence || <span className="muted">its sentence was not kept</span>,
    one.cpu_s === null ? "–" : `${busy(one.cpu_s)}${one.gpu_s ? ` + ${busy(one.gpu_s)} GPU` : ""}`,
    <span key="links" className="links nowrap">
      <a href={evaluationAt(row.model, one.version)} aria-label={`Evaluation of version ${one.version}`}>
        Evaluation
      </a>
      <a href={lineageAt(row.model, one.version)} aria-label={`Lineage of version ${one.version}`}>
        Lineage
      </a>
    </span>,
  ]);
  return (
    <section className="panel" aria-labelledby="candidates">
      <h2 id="candidates">Candidates</h2>
      {rows.length ? (
        <Table cards caption="Candidates, newest first" head={["Version", "As of", "Gates", "Then", "What was found", "CPU", "More"]} rows={rows} numbers={[5]} />
      ) : (
        <p className="muted">
          Nothing was judged yet. A run of <code>{row.model}__train</code> makes the first.
        </p>
      )}
    </section>
  );
}

function Fate({ one, champion }: { one: Candidate; champion: number | undefined }) {
  if (one.version === champion) {
    return (
      <Badge tone="ok" icon="ok">
        in force
      </Badge>
    );
  }
  if (one.withdrawn) {
    return (
      <Badge tone="critical" icon="back">
        withdrawn
      </Badge>
    );
  }
  return <span className="muted">{one.promoted ? "was in force" : "not promoted"}</span>;
}
