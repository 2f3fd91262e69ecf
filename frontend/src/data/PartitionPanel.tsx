import type { Partition } from "../api";
import { count } from "../format";
import { PARTITION_STATES, StateBadge } from "../parts/Badge";
import { DocumentButton } from "../parts/DocumentButton";
import { Facts } from "../parts/Facts";
import { Day, Moment } from "../parts/times";

const MEANS: Record<Partition["state"], string> = {
  validated: "Its checks passed; these rows are in force.",
  warned: "Its rows are in force, with warnings.",
  quarantined: "Its checks failed. These rows are kept aside and nothing reads them.",
  missing: "Nothing was checked, though newer rows are in force. Backfill it.",
  late: "It is due and nothing has come yet. See its DAG, or backfill it.",
};

interface Props {
  partition: Partition;
  dataset: string;
  backfill: () => void;
}

export function PartitionPanel({ partition, dataset, backfill }: Props) {
  return (
    <aside className="panel details" aria-live="polite" aria-label="What was picked">
      <h2>{partition.part}</h2>
      <p>
        <StateBadge shown={PARTITION_STATES[partition.state]} />
      </p>
      <p>{MEANS[partition.state]}</p>
      <Facts
        of={[
          [
            "Spans",
            <>
              <Day at={partition.start} /> to before <Day at={partition.end} />
            </>,
          ],
          ["Rows in force", partition.rows === null ? "none" : count(partition.rows)],
          ["Checked", partition.checked_at ? <Moment at={partition.checked_at} /> : "not yet"],
        ]}
      />
      {partition.reasons.length > 0 && (
        <>
          <h3>Reasons</h3>
          <ul>
            {partition.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      )}
      <div className="actions">
        {partition.document && (
          <DocumentButton path={partition.document} title={`Validation of ${dataset}, ${partition.part}`}>
            Validation page
          </DocumentButton>
        )}
        <button type="button" onClick={backfill}>
          Backfill
        </button>
      </div>
    </aside>
  );
}
