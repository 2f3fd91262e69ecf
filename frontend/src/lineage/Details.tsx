import type { ReactNode } from "react";
import type { Lineage, LineageNode } from "../api";
import { AirflowLink } from "../parts/AirflowLink";
import { Badge, type Tone } from "../parts/Badge";
import { DocumentButton } from "../parts/DocumentButton";
import { Digest, Facts } from "../parts/Facts";
import type { IconName } from "../parts/Icon";
import { Day } from "../parts/times";
import { dagAt, evaluationAt, modelAt } from "../places";
import { STATE_WORDS } from "./Graph";
import { KINDS } from "./layout";

const DIGEST = /^[0-9a-f]{32,64}$/;
const LOOKS: Record<LineageNode["state"], [Tone, IconName]> = {
  ok: ["ok", "ok"],
  warned: ["warning", "warning"],
  gone: ["neutral", "none"],
  failed: ["critical", "fail"],
};

interface Props {
  node: LineageNode;
  lineage: Lineage;
}

export function Details({ node, lineage }: Props) {
  const [tone, icon] = LOOKS[node.state];
  const details = Object.entries(node.details).map(([name, value]): [string, ReactNode] => [
    name,
    DIGEST.test(value) ? <Digest of={value} /> : value,
  ]);
  return (
    <aside className="panel details" aria-live="polite" aria-label="What was picked">
      <header>
        <h2>{node.title}</h2>
        <small className="muted">{KINDS[node.kind]}</small>
        <Badge tone={tone} icon={icon}>
          {STATE_WORDS[node.state]}
        </Badge>
      </header>
      <Facts
        of={[
          ...details,
          ["As of", node.as_of && <Day at={node.as_of} />],
          ["MLflow run", node.mlflow_run && <Digest of={node.mlflow_run} />],
          ["Made by", node.dag_id && <AirflowLink href={dagAt(node.dag_id)}>{node.dag_id}</AirflowLink>],
        ]}
      />
      <div className="actions">
        {node.document && (
          <DocumentButton path={node.document} title={`${KINDS[node.kind]}: ${node.title}`}>
            Its page
          </DocumentButton>
        )}
        {node.kind === "evaluation" && <a href={evaluationAt(lineage.model, lineage.version)}>Gates and curves</a>}
        {node.kind === "promotion" && <a href={modelAt(lineage.model)}>Timeline of {lineage.model}</a>}
      </div>
    </aside>
  );
}
