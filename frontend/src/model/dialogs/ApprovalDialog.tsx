import { useState } from "react";
import type { ModelPage } from "../../api";
import { answer } from "../../airflow";
import { ActionDialog, ReasonField } from "../../parts/ActionDialog";
import { Icon } from "../../parts/Icon";
import { RIGHTS } from "../Actions";

interface Props {
  page: ModelPage;
  chosen: "Approve" | "Reject";
  onClose: (changed: boolean) => void;
}

export function ApprovalDialog({ page: { row, candidates }, chosen, onClose }: Props) {
  const [note, setNote] = useState("");
  const version = row.waiting?.version ?? 0;
  const judged = candidates.find((one) => one.version === version);
  const overrides = chosen === "Approve" && judged !== undefined && judged.verdict !== "pass";
  const act = async () => {
    const asked = await answer(row.model, version, chosen, note);
    const done = chosen === "Approve" ? "approved: its run promotes it next" : "rejected: it is not promoted";
    return { sentence: `Version ${version} was ${done}.`, dag: asked.dag_id, run: asked.dag_run_id };
  };
  return (
    <ActionDialog
      title={`${chosen} version ${version} of ${row.model}`}
      confirm={overrides ? "Override the gates" : chosen}
      danger={overrides}
      right={RIGHTS.approve(row.model)}
      owner={row.owner}
      act={act}
      onClose={onClose}
    >
      {judged?.sentence && <p>The gates say: {judged.sentence}.</p>}
      {overrides && (
        <div className="note critical">
          <Icon name="critical" />
          <div>
            The gates do not let it pass. Approving overrides them, is on record for ever, and needs a note that says why;
            without one it counts as a rejection.
          </div>
        </div>
      )}
      <p>
        {chosen === "Approve"
          ? `Version ${version} takes force${row.champion ? ` in place of version ${row.champion.version}` : ""}.`
          : `Version ${version} does not take force${row.champion ? `; version ${row.champion.version} stays` : ""}.`}{" "}
        The journal and the release record keep the note and your name.
      </p>
      <ReasonField label="Note" value={note} set={setNote} required={overrides} />
    </ActionDialog>
  );
}
