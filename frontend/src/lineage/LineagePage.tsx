import { useMemo, useState } from "react";
import type { Lineage } from "../api";
import { Digest } from "../parts/Facts";
import { Heading } from "../parts/Frame";
import { Asked, Empty } from "../parts/states";
import { evaluationAt, MODELS, modelAt } from "../places";
import { Details } from "./Details";
import { Graph } from "./Graph";
import { AsList } from "./AsList";
import { layoutOf } from "./layout";

interface Props {
  model: string;
  version: number;
}

export default function LineagePage({ model, version }: Props) {
  const path = `models/${encodeURIComponent(model)}/versions/${version}/lineage`;
  return (
    <Asked<Lineage> path={path} title={`Lineage of ${model} v${version}`}>
      {(lineage) => <Loaded lineage={lineage} />}
    </Asked>
  );
}

function Loaded({ lineage }: { lineage: Lineage }) {
  const [picked, pick] = useState<string>(() => lineage.nodes.find((one) => one.kind === "version")?.id ?? "");
  const [unfolded, unfold] = useState<number[]>([]);
  const layout = useMemo(() => layoutOf(lineage, unfolded), [lineage, unfolded]);
  const node = lineage.nodes.find((one) => one.id === picked);
  return (
    <div className="stack">
      <Heading
        trail={[
          [MODELS, "Models"],
          [modelAt(lineage.model), lineage.model],
        ]}
      >
        Lineage of version {lineage.version}
      </Heading>
      <p>
        What version {lineage.version} was made of, and what was made with it. Release record <Digest of={lineage.record} />,{" "}
        <a href={evaluationAt(lineage.model, lineage.version)}>evaluation</a>.
      </p>
      {lineage.nodes.length === 0 ? (
        <Empty title="Nothing is on record">
          See what the record says: <code>python -m pipelines record {lineage.model} {lineage.version}</code>
        </Empty>
      ) : (
        <>
          <div className="lineage">
            <Graph
              layout={layout}
              edges={lineage.edges}
              picked={picked}
              pick={pick}
              unfold={(layer) => unfold((layers) => [...layers, layer])}
            />
            {node && <Details node={node} lineage={lineage} />}
          </div>
          <AsList lineage={lineage} />
        </>
      )}
    </div>
  );
}
