import { useState } from "react";
import type { DatasetPage as Page, Partition } from "../api";
import { isoDay } from "../format";
import { AirflowLink } from "../parts/AirflowLink";
import { BackfillForm } from "../parts/BackfillForm";
import { Facts } from "../parts/Facts";
import { Heading } from "../parts/Frame";
import { Asked, Empty } from "../parts/states";
import { Day } from "../parts/times";
import { dagAt, DATASETS, modelAt } from "../places";
import { Calendar } from "./Calendar";
import { Legend } from "./Legend";
import { PartitionPanel } from "./PartitionPanel";

const WRONG = ["quarantined", "missing", "late"];

export default function DatasetPage({ dataset }: { dataset: string }) {
  return (
    <Asked<Page> path={`datasets/${encodeURIComponent(dataset)}`} title={dataset}>
      {(page, again) => <Loaded page={page} again={again} />}
    </Asked>
  );
}

function Loaded({ page, again }: { page: Page; again: () => void }) {
  const { partitions } = page;
  const [picked, pick] = useState(() => (partitions.findLast((one) => WRONG.includes(one.state)) ?? partitions.at(-1))?.part);
  const [span, setSpan] = useState<[string, string] | null>(null);
  const partition = partitions.find((one) => one.part === picked);
  const backfill = (one: Partition) => setSpan([isoDay(new Date(one.start)), isoDay(new Date(one.end))]);
  return (
    <div className="stack">
      <Heading trail={[[DATASETS, "Data"]]}>{page.dataset}</Heading>
      <About page={page} />
      {partitions.length === 0 ? (
        <Empty title="No partition is due yet">
          The first ends one {page.granularity} after <Day at={page.start} />. Fill the past with{" "}
          <code>python -m pipelines backfill {page.dataset}__data --start … --end …</code>
        </Empty>
      ) : (
        <>
          <Legend partitions={partitions} />
          <div className="with-details">
            <Calendar page={page} picked={picked ?? ""} pick={pick} />
            {partition && <PartitionPanel partition={partition} dataset={page.dataset} backfill={() => backfill(partition)} />}
          </div>
        </>
      )}
      {span && (
        <BackfillForm
          title={`Backfill ${page.dataset}`}
          dag={`${page.dataset}__data`}
          estimate={{ path: `api/datasets/${encodeURIComponent(page.dataset)}/estimate`, more: {} }}
          span={span}
          right={`create runs of ${page.dataset}__data`}
          owner={page.owner}
          onClose={(changed) => {
            setSpan(null);
            if (changed) again();
          }}
        />
      )}
    </div>
  );
}

function About({ page }: { page: Page }) {
  return (
    <>
      <p className="lead">{page.description}</p>
      <div className="summary">
        <Facts
          of={[
            ["Owner", page.owner],
            ["Source", page.source],
            ["DAG", <AirflowLink key="dag" href={dagAt(`${page.dataset}__data`)}>{page.dataset}__data</AirflowLink>],
          ]}
        />
        <Facts
          of={[
            [
              "Spans",
              <>
                <Day at={page.start} /> {page.end ? <>to before <Day at={page.end} /></> : "on"}, by {page.granularity}
              </>,
            ],
            [
              "Used by",
              page.models.length ? (
                <span className="links">
                  {page.models.map((model) => (
                    <a key={model} href={modelAt(model)}>
                      {model}
                    </a>
                  ))}
                </span>
              ) : (
                "no model yet"
              ),
            ],
          ]}
        />
      </div>
    </>
  );
}
