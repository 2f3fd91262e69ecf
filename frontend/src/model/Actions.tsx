import { useState } from "react";
import type { Button, ModelPage, Rights } from "../api";
import { RightButton } from "../parts/ActionDialog";
import { AirflowLink } from "../parts/AirflowLink";
import { dagAt } from "../places";
import { BackfillDialog } from "./dialogs/BackfillDialog";
import { FreezeDialog, UnfreezeDialog } from "./dialogs/FreezeDialogs";
import { RetrainDialog } from "./dialogs/RetrainDialog";
import { RollbackDialog } from "./dialogs/RollbackDialog";

/** A model, and what this user may do with it. known: whether the rights were told yet. */
export interface Subject {
  page: ModelPage;
  rights: Rights;
  known: boolean;
  reload: () => void;
}

export const RIGHTS: Record<Button, (model: string) => string> = {
  retrain: (model) => `create runs of ${model}__train`,
  backfill: (model) => `create runs of ${model}__train, ${model}__predict and ${model}__monitor`,
  approve: (model) => `answer for the tasks of ${model}__train`,
  rollback: (model) => `create runs of ${model}__rollback`,
  freeze: (model) => `create runs of ${model}__train`,
};

const FAMILIES = ["train", "predict", "monitor", "rollback"];

export function refusedFor({ page: { row }, known }: Subject, button: Button): string {
  if (!known) return "Your rights are not known yet.";
  return `You may not do this: it needs the right to ${RIGHTS[button](row.model)}. Ask the owner ${row.owner} or an administrator.`;
}

/** What can be put back: was in force, was not withdrawn, and is not what is in force. */
export function returnable({ row, candidates }: ModelPage) {
  return candidates.filter((one) => one.promoted && !one.withdrawn && one.version !== row.champion?.version);
}

type Open = "retrain" | "backfill" | "rollback" | "freeze" | "unfreeze" | null;

export function Actions({ subject }: { subject: Subject }) {
  const [open, setOpen] = useState<Open>(null);
  const { page, rights } = subject;
  const right = (button: Button) => ({ allowed: rights[button], why: refusedFor(subject, button) });
  const back = returnable(page).length > 0;
  const rollback = back ? right("rollback") : { allowed: false, why: "No other version was in force before." };
  const freeze = page.row.frozen ? "unfreeze" : "freeze";
  return (
    <div className="actions bar-of-actions">
      <RightButton {...right("retrain")} className="primary" onClick={() => setOpen("retrain")}>
        Retrain now
      </RightButton>
      <RightButton {...right("backfill")} onClick={() => setOpen("backfill")}>
        Backfill
      </RightButton>
      <RightButton {...rollback} onClick={() => setOpen("rollback")}>
        Roll back
      </RightButton>
      <RightButton {...right("freeze")} onClick={() => setOpen(freeze)}>
        {page.row.frozen ? "Unfreeze" : "Freeze"}
      </RightButton>
      <span className="links">
        DAGs:
        {FAMILIES.map((family) => (
          <AirflowLink key={family} href={dagAt(`${page.row.model}__${family}`)}>
            {family}
          </AirflowLink>
        ))}
      </span>
      <Opened
        open={open}
        page={page}
        onClose={(changed) => {
          setOpen(null);
          if (changed) subject.reload();
        }}
      />
    </div>
  );
}

interface OpenedProps {
  open: Open;
  page: ModelPage;
  onClose: (changed: boolean) => void;
}

function Opened({ open, ...given }: OpenedProps) {
  switch (open) {
    case "retrain":
      return <RetrainDialog {...given} />;
    case "backfill":
      return <BackfillDialog {...given} />;
    case "rollback":
      return <RollbackDialog {...given} />;
    case "freeze":
      return <FreezeDialog {...given} />;
    case "unfreeze":
      return <UnfreezeDialog {...given} />;
    case null:
      return null;
  }
}
