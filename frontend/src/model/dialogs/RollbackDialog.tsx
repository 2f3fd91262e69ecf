import { useState } from "react";
import type { ModelPage } from "../../api";
import { trigger } from "../../airflow";
import { asDay } from "../../format";
import { ActionDialog, Field, ReasonField } from "../../parts/ActionDialog";
import { returnable, RIGHTS } from "../Actions";

interface Props {
  page: ModelPage;
  onClose: (changed: boolean) => void;
}

export function RollbackDialog({ page, onClose }: Props) {
  const { row } = page;
  const [to, setTo] = useState("");
  const [reason, setReason] = useState("");
  const dag = `${row.model}__rollback`;
  const wanted = to ? `version ${to}` : "the version before it";
  const act = async () => {
    const run = await trigger(dag, { reason: reason.trim(), to: to ? Number(to) : null });
    return { sentence: `A rollback of ${row.model} to ${wanted} was started.`, dag, run };
  };
  return (
    <ActionDialog title={`Roll back ${row.model}`} confirm="Roll back" danger right={RIGHTS.rollback(row.model)} owner={row.owner} act={act} onClose={onClose}>
      <p>
        {row.champion ? `Version ${row.champion.version} is withdrawn and never takes force again` : "The champion is withdrawn"};{" "}
        {wanted} is put back, from the time on that the bad one was in force. The journal keeps the reason and your name.
      </p>
      <Field label="Back to">
        {(id) => (
          <select id={id} value={to} onChange={(event) => setTo(event.target.value)}>
            <option value="">the version before the champion</option>
            {returnable(page).map((one) => (
              <option key={one.version} value={one.version}>
                version {one.version}, as of {asDay(one.as_of)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <ReasonField label="Reason" hint="What is wrong with the champion." value={reason} set={setReason} />
    </ActionDialog>
  );
}
