import type { DatasetRow, PartitionState } from "../api";
import { count } from "../format";
import { Badge, PARTITION_STATES } from "../parts/Badge";
import { Asked, Empty } from "../parts/states";
import { Table } from "../parts/Table";
import { datasetAt } from "../places";

export const STATES = Object.keys(PARTITION_STATES) as PartitionState[];

export default function DatasetsPage() {
  return (
    <Asked<DatasetRow[]> path="datasets" title="Data">
      {(rows) => (
        <div className="stack">
          <h1>Data</h1>
          {rows.length ? (
            <Datasets rows={rows} />
          ) : (
            <Empty title="No dataset that you may see">
              Declare one below <code>pipelines/datasets/</code> and check it with <code>python -m pipelines specs</code>, or
              ask an administrator for the right to see its DAG.
            </Empty>
          )}
        </div>
      )}
    </Asked>
  );
}

function Datasets({ rows }: { rows: DatasetRow[] }) {
  return (
    <Table
      cards
      caption="Datasets and the states of their partitions"
      head={["Dataset", "Newest in force", "Partitions", "Owner"]}
      rows={rows.map((row) => [
        <a key="dataset" href={datasetAt(row.dataset)}>
          {row.dataset}
        </a>,
        row.newest ?? <span className="muted">none yet</span>,
        <span key="counts" className="links">
          {STATES.filter((state) => row.counts[state]).map((state) => (
            <Badge key={state} tone={PARTITION_STATES[state].tone} icon={PARTITION_STATES[state].icon}>
              {count(row.counts[state] ?? 0)} {PARTITION_STATES[state].text}
            </Badge>
          ))}
        </span>,
        row.owner,
      ])}
    />
  );
}
