import { useState } from "react";
import type { ModelPage } from "../../api";
import { isoDay } from "../../format";
import { ask } from "../../http";
import { ActionDialog, DayField, ReasonField } from "../../parts/ActionDialog";
import { RIGHTS } from "../Actions";

interface Props {
  page: ModelPage;
  onClose: (changed: boolean) => void;
}

const inDays = (days: number) => isoDay(new Date(Date.now() + days * 86_400_000));
const at = (model: string, what: string) => `api/models/${encodeURIComponent(model)}/${what}`;

export function FreezeDialog({ page: { row }, onClose }: Props) {
  const [until, setUntil] = useState(inDays(14));
  const [reason, setReason] = useState("");
  const act = () => ask<{ sentence: string }>(at(row.model, "freeze"), "POST", { until, reason: reason.trim() });
  return (
    <ActionDialog title={`Freeze ${row.model}`} confirm="Freeze" right={RIGHTS.freeze(row.model)} owner={row.owner} act={act} onClose={onClose}>
      <p>
        Until {until || "that day"} no decision of the monitor retrains {row.model}. It is still watched, still serves, and
        can still be trained by hand. The journal keeps the reason and your name.
      </p>
      <DayField label="Until" hint="The first day that is free again, UTC." value={until} set={setUntil} min={inDays(1)} />
      <ReasonField label="Reason" value={reason} set={setReason} />
    </ActionDialog>
  );
}

export function UnfreezeDialog({ page: { row }, onClose }: Props) {
  const [reason, setReason] = useState("");
  const act = () => ask<{ sentence: string }>(at(row.model, "unfreeze"), "POST", { reason: reason.trim() });
  return (
    <ActionDialog title={`Unfreeze ${row.model}`} confirm="Unfreeze" right={RIGHTS.freeze(row.model)} owner={row.owner} act={act} onClose={onClose}>
      <p>
        From now on the monitor may retrain {row.model} again. It was frozen by {row.frozen?.by}: {row.frozen?.reason}
      </p>
      <ReasonField label="Reason" value={reason} set={setReason} />
    </ActionDialog>
  );
}
