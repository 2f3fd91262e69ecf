import { useState } from "react";
import type { Attention } from "../api";
import type { Tone } from "../parts/Badge";
import { DocumentButton } from "../parts/DocumentButton";
import { RightButton } from "../parts/ActionDialog";
import { Icon, type IconName } from "../parts/Icon";
import { Day, Moment } from "../parts/times";
import { evaluationAt } from "../places";
import { refusedFor, type Subject } from "./Actions";
import { ApprovalDialog } from "./dialogs/ApprovalDialog";

const LOOKS: Record<Attention["kind"], [Tone, IconName]> = {
  serving_stopped: ["critical", "stop"],
  approval: ["warning", "person"],
  decision: ["warning", "person"],
  drift: ["warning", "warning"],
  gates: ["warning", "unsure"],
  no_champion: ["info", "info"],
};

export function Banners({ subject }: { subject: Subject }) {
  const { attention, frozen } = subject.page.row;
  if (attention.length === 0 && !frozen) return null;
  return (
    <ul className="banners" aria-label="What needs a person">
      {attention.map((one) => (
        <Banner key={one.kind} one={one} subject={subject} />
      ))}
      {frozen && (
        <li className="note info">
          <Icon name="frozen" />
          <div>
            Frozen{frozen.until && <> until <Day at={frozen.until} /></>} by {frozen.by}: {frozen.reason}
          </div>
        </li>
      )}
    </ul>
  );
}

function Banner({ one, subject }: { one: Attention; subject: Subject }) {
  const { row } = subject.page;
  const [tone, icon] = one.kind === "drift" && row.drift?.severity === "critical" ? (["critical", "critical"] as const) : LOOKS[one.kind];
  return (
    <li className={`note ${tone}`}>
      <Icon name={icon} />
      <div>
        {one.sentence}
        {one.kind === "approval" && row.waiting && (
          <small className="block">
            Asked <Moment at={row.waiting.asked_at} />; the time is over <Moment at={row.waiting.until} />.
          </small>
        )}
        {one.kind === "drift" && row.drift && row.drift.reasons.length > 0 && <Reasons of={row.drift.reasons} />}
      </div>
      {one.kind === "drift" && row.drift && (
        <DocumentButton path={row.drift.document} title={`Drift of ${row.model}, ${row.drift.part}`}>
          Drift page
        </DocumentButton>
      )}
      {one.kind === "approval" && <Answer subject={subject} />}
      {one.kind === "gates" && row.gates && <a href={evaluationAt(row.model, row.gates.version)}>See the gates</a>}
    </li>
  );
}

function Reasons({ of }: { of: string[] }) {
  return (
    <details>
      <summary>Why</summary>
      <ul>
        {of.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </details>
  );
}

function Answer({ subject }: { subject: Subject }) {
  const [chosen, choose] = useState<"Approve" | "Reject" | null>(null);
  const { row } = subject.page;
  const right = { allowed: subject.rights.approve, why: refusedFor(subject, "approve") };
  return (
    <div className="actions">
      {row.waiting && <a href={evaluationAt(row.model, row.waiting.version)}>See the gates</a>}
      <RightButton {...right} onClick={() => choose("Approve")}>
        Approve
      </RightButton>
      <RightButton {...right} onClick={() => choose("Reject")}>
        Reject
      </RightButton>
      {chosen && (
        <ApprovalDialog
          page={subject.page}
          chosen={chosen}
          onClose={(changed) => {
            choose(null);
            if (changed) subject.reload();
          }}
        />
      )}
    </div>
  );
}
