import { useState } from "react";
import type { Family, ModelPage } from "../../api";
import { isoDay } from "../../format";
import { BackfillForm } from "../../parts/BackfillForm";
import { Field } from "../../parts/ActionDialog";
import { RIGHTS } from "../Actions";

interface Props {
  page: ModelPage;
  onClose: (changed: boolean) => void;
}

const FAMILIES: Record<Family, string> = {
  train: "train: train, judge and promote",
  predict: "predict: score the rows of each window",
  monitor: "monitor: look for drift, decide on retraining",
};

export function BackfillDialog({ page: { row }, onClose }: Props) {
  const [family, setFamily] = useState<Family>("predict");
  const end = row.champion?.trained_until ?? new Date().toISOString();
  const start = new Date(end);
  start.setUTCMonth(start.getUTCMonth() - 1);
  return (
    <BackfillForm
      title={`Backfill ${row.model}`}
      dag={`${row.model}__${family}`}
      estimate={{ path: `api/models/${encodeURIComponent(row.model)}/estimate`, more: { family } }}
      span={[isoDay(start), isoDay(new Date(end))]}
      right={RIGHTS.backfill(row.model)}
      owner={row.owner}
      onClose={onClose}
    >
      <Field label="What to run">
        {(id) => (
          <select id={id} value={family} onChange={(event) => setFamily(event.target.value as Family)}>
            {Object.entries(FAMILIES).map(([name, text]) => (
              <option key={name} value={name}>
                {text}
              </option>
            ))}
          </select>
        )}
      </Field>
    </BackfillForm>
  );
}
