import { type ReactNode, useEffect, useState } from "react";
import type { Estimate } from "../api";
import { backfill, type Reprocess } from "../airflow";
import { asDay, plural } from "../format";
import { ask, asRefusal } from "../http";
import { ActionDialog, DayField } from "./ActionDialog";
import { Icon } from "./Icon";

const MOST_LISTED = 100;

const AGAIN: [Reprocess, string][] = [
  ["none", "Only what has no run yet"],
  ["failed", "What has none, and what failed"],
  ["completed", "All of it again, what succeeded too"],
];

interface Props {
  title: string;
  dag: string;
  estimate: { path: string; more: Record<string, string> };
  span: [string, string];
  right: string;
  owner: string;
  onClose: (changed: boolean) => void;
  children?: ReactNode;
}

/** A span, what its backfill would take, and only then the backfill. */
export function BackfillForm({ title, dag, estimate, span, right, owner, onClose, children }: Props) {
  const [start, setStart] = useState(span[0]);
  const [end, setEnd] = useState(span[1]);
  const [again, setAgain] = useState<Reprocess>("none");
  const asked = { ...estimate.more, start, end };
  const act = async () => {
    await backfill(dag, start, end, again);
    return { sentence: `A backfill of ${dag} from ${start} to before ${end} was started, one run at a time.`, dag };
  };
  return (
    <ActionDialog title={title} confirm="Start the backfill" right={right} owner={owner} act={act} onClose={onClose}>
      {children}
      <div className="pair">
        <DayField label="From" hint="The first day, UTC." value={start} set={setStart} />
        <DayField label="To before" hint="The day after the last, UTC." value={end} set={setEnd} min={start} />
      </div>
      <fieldset>
        <legend>Which runs</legend>
        {AGAIN.map(([value, text]) => (
          <label key={value}>
            <input type="radio" name="again" checked={again === value} onChange={() => setAgain(value)} />
            {text}
          </label>
        ))}
      </fieldset>
      <DryRun path={estimate.path} asked={JSON.stringify(asked)} ready={Boolean(start && end && start < end)} />
      <p>
        Airflow then makes these runs of <code>{dag}</code>, the oldest first, one at a time.
      </p>
    </ActionDialog>
  );
}

type Dry = { state: "asking" } | { state: "told"; estimate: Estimate } | { state: "failed"; detail: string };

/** asked: the body, as JSON, so that it is the same when it says the same. */
function DryRun({ path, asked, ready }: { path: string; asked: string; ready: boolean }) {
  const [dry, setDry] = useState<Dry>({ state: "asking" });
  useEffect(() => {
    if (!ready) return;
    let current = true;
    setDry({ state: "asking" });
    ask<Estimate>(path, "POST", JSON.parse(asked)).then(
      (estimate) => current && setDry({ state: "told", estimate }),
      (error: unknown) => current && setDry({ state: "failed", detail: asRefusal(error).detail }),
    );
    return () => {
      current = false;
    };
  }, [path, asked, ready]);
  return (
    <div className="note neutral" role="status">
      <Icon name="clock" />
      <div>
        {!ready && "The end must be after the start."}
        {ready && dry.state === "asking" && "Counting what it would take…"}
        {ready && dry.state === "failed" && `It cannot be told what this would take: ${dry.detail}`}
        {ready && dry.state === "told" && <Told estimate={dry.estimate} />}
      </div>
    </div>
  );
}

function Told({ estimate: { sentence, runs } }: { estimate: Estimate }) {
  if (runs.length === 0) return "No whole period of the schedule begins in this span: nothing would run.";
  return (
    <>
      It would take {sentence}.
      <details>
        <summary>{plural(runs.length, "run")}</summary>
        <ul className="runs">
          {runs.slice(0, MOST_LISTED).map((run) => (
            <li key={run.start}>
              {asDay(run.start)} to before {asDay(run.end)}
            </li>
          ))}
          {runs.length > MOST_LISTED && <li>and {runs.length - MOST_LISTED} more</li>}
        </ul>
      </details>
    </>
  );
}
