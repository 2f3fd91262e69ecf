import { type FormEvent, type ReactNode, useId, useState } from "react";
import { asRefusal, type Refusal } from "../http";
import { dagAt, runAt } from "../places";
import { AirflowLink } from "./AirflowLink";
import { Dialog } from "./Dialog";
import { Icon } from "./Icon";

/** What was started. dag, run: where Airflow shows it. */
export interface Started {
  sentence: string;
  dag?: string;
  run?: string;
}

interface Props {
  title: string;
  confirm: string;
  danger?: boolean;
  /** What the right is called that this needs, and whom to ask for it. */
  right: string;
  owner: string;
  act: () => Promise<Started>;
  onClose: (changed: boolean) => void;
  children: ReactNode;
}

/** Says what will happen, does it when confirmed, and says what was started or why not. */
export function ActionDialog({ title, confirm, danger = false, right, owner, act, onClose, children }: Props) {
  const [busy, setBusy] = useState(false);
  const [started, setStarted] = useState<Started | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    act()
      .then(setStarted, (error: unknown) => setRefusal(asRefusal(error)))
      .finally(() => setBusy(false));
  };
  return (
    <Dialog title={title} onClose={() => onClose(started !== null)}>
      {started ? (
        <Outcome started={started} />
      ) : (
        <form onSubmit={submit}>
          {children}
          {refusal && <Refused refusal={refusal} right={right} owner={owner} />}
          <div className="actions">
            <button type="submit" className={danger ? "danger" : "primary"} disabled={busy}>
              {busy ? "Asking…" : confirm}
            </button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Outcome({ started }: { started: Started }) {
  return (
    <div className="note ok" role="status">
      <Icon name="ok" />
      <div>
        <p>{started.sentence}</p>
        {started.dag && (
          <AirflowLink href={started.run ? runAt(started.dag, started.run) : dagAt(started.dag)}>
            {started.run ? "Watch the run in Airflow" : "Watch the DAG in Airflow"}
          </AirflowLink>
        )}
      </div>
    </div>
  );
}

function Refused({ refusal, right, owner }: { refusal: Refusal; right: string; owner: string }) {
  const forbidden = `You may not do this: it needs the right to ${right}. Ask the owner ${owner} or an administrator.`;
  return (
    <div className="note critical" role="alert">
      <Icon name="critical" />
      <div>
        <p>{refusal.status === 403 ? forbidden : refusal.detail}</p>
        {refusal.status > 0 && <small>The server answered {refusal.status}; nothing was done.</small>}
      </div>
    </div>
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  children: (id: string, described: string | undefined) => ReactNode;
}

export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id, hint ? `${id}-hint` : undefined)}
      {hint && <small id={`${id}-hint`}>{hint}</small>}
    </div>
  );
}

interface TextProps {
  label: string;
  hint?: string;
  value: string;
  set: (value: string) => void;
  required?: boolean;
}

/** What goes on record: one that is asked for must say something. */
export function ReasonField({ label, hint, value, set, required = true }: TextProps) {
  return (
    <Field label={required ? label : `${label} (optional)`} {...(hint ? { hint } : {})}>
      {(id, described) => (
        <textarea
          id={id}
          rows={3}
          maxLength={500}
          required={required}
          aria-describedby={described}
          value={value}
          onChange={(event) => {
            set(event.target.value);
            event.target.setCustomValidity(required && !event.target.value.trim() ? "Say why." : "");
          }}
        />
      )}
    </Field>
  );
}

export function DayField({ label, hint, value, set, min }: Omit<TextProps, "required"> & { min?: string }) {
  return (
    <Field label={label} {...(hint ? { hint } : {})}>
      {(id, described) => (
        <input
          id={id}
          type="date"
          required
          min={min}
          aria-describedby={described}
          value={value}
          onChange={(event) => set(event.target.value)}
        />
      )}
    </Field>
  );
}

interface RightProps {
  allowed: boolean;
  why: string;
  className?: string;
  onClick: () => void;
  children: ReactNode;
}

/** Stays where it is for whoever may not press it, and says why. */
export function RightButton({ allowed, why, className, onClick, children }: RightProps) {
  const id = useId();
  return (
    <>
      <button
        type="button"
        className={className}
        aria-disabled={!allowed}
        aria-describedby={allowed ? undefined : id}
        title={allowed ? undefined : why}
        onClick={() => allowed && onClick()}
      >
        {children}
      </button>
      {!allowed && (
        <span id={id} className="hidden">
          {why}
        </span>
      )}
    </>
  );
}
