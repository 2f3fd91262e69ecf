import { useState } from "react";
import type { InForce, ModelPage } from "../../api";
import { trigger } from "../../airflow";
import { isoDay } from "../../format";
import { ActionDialog, DayField, ReasonField } from "../../parts/ActionDialog";
import { RIGHTS } from "../Actions";

interface Props {
  page: ModelPage;
  onClose: (changed: boolean) => void;
}

const monthsOn = (at: Date, months: number) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, at.getUTCDate()));

/** The month after what the champion was trained on, if it is over; else the last whole month. */
function nextPeriod(champion: InForce | null): [string, string] {
  const now = new Date();
  if (champion) {
    const start = new Date(champion.trained_until);
    const end = monthsOn(start, 1);
    if (end <= now) return [isoDay(start), isoDay(end)];
  }
  const end = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  return [isoDay(monthsOn(end, -1)), isoDay(end)];
}

export function RetrainDialog({ page: { row }, onClose }: Props) {
  const [first, until] = nextPeriod(row.champion);
  const [start, setStart] = useState(first);
  const [end, setEnd] = useState(until);
  const [reason, setReason] = useState("");
  const dag = `${row.model}__train`;
  const act = async () => {
    const run = await trigger(dag, { start, end, reason: reason.trim() });
    return { sentence: `A training of ${row.model} as of ${end} was started.`, dag, run };
  };
  return (
    <ActionDialog title={`Retrain ${row.model} now`} confirm="Start the training" right={RIGHTS.retrain(row.model)} owner={row.owner} act={act} onClose={onClose}>
      <p>
        One run of <code>{dag}</code> starts at once. It trains a new version as of {end || "the day below"}, on data from
        before that day alone, and judges it by the gates.{" "}
        {row.champion
          ? `Version ${row.champion.version} stays in force unless the new one passes.`
          : "The first that passes its gates takes force."}
      </p>
      <div className="pair">
        <DayField label="Period from" hint="Its first day, UTC." value={start} set={setStart} />
        <DayField label="As of" hint="The day after its last, UTC." value={end} set={setEnd} min={start} />
      </div>
      <ReasonField label="Reason" hint="Kept with the run." value={reason} set={setReason} />
    </ActionDialog>
  );
}
