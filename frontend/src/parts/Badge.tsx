import type { ReactNode } from "react";
import type { PartitionState, Severity, Verdict } from "../api";
import { Icon, type IconName } from "./Icon";

export type Tone = "ok" | "info" | "warning" | "critical" | "neutral";

interface Shown {
  tone: Tone;
  icon: IconName;
  text: string;
}

export const SEVERITIES: Record<Severity, Shown> = {
  ok: { tone: "ok", icon: "ok", text: "ok" },
  info: { tone: "info", icon: "info", text: "info" },
  warning: { tone: "warning", icon: "warning", text: "warning" },
  critical: { tone: "critical", icon: "critical", text: "critical" },
};

export const VERDICTS: Record<Verdict, Shown> = {
  pass: { tone: "ok", icon: "ok", text: "pass" },
  fail: { tone: "critical", icon: "fail", text: "fail" },
  cannot_tell: { tone: "warning", icon: "unsure", text: "cannot tell" },
};

export const PARTITION_STATES: Record<PartitionState, Shown> = {
  validated: { tone: "ok", icon: "ok", text: "validated" },
  warned: { tone: "warning", icon: "warning", text: "with warnings" },
  quarantined: { tone: "critical", icon: "fail", text: "in quarantine" },
  missing: { tone: "neutral", icon: "none", text: "missing" },
  late: { tone: "info", icon: "clock", text: "late" },
};

interface Props {
  tone: Tone;
  icon: IconName;
  title?: string;
  children: ReactNode;
}

export function Badge({ tone, icon, title, children }: Props) {
  return (
    <span className={`badge ${tone}`} title={title}>
      <Icon name={icon} />
      {children}
    </span>
  );
}

export function StateBadge({ shown }: { shown: Shown }) {
  return (
    <Badge tone={shown.tone} icon={shown.icon}>
      {shown.text}
    </Badge>
  );
}
