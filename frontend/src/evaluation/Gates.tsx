import { Fragment } from "react";
import type { GateShown, Slice } from "../api";
import { count, figure, interval, plural, words } from "../format";
import { StateBadge, VERDICTS } from "../parts/Badge";
import { Cell } from "../parts/Cell";
import { IntervalPicture, spanOf } from "../parts/IntervalPicture";
import { Table } from "../parts/Table";

const HEADS = ["Gate", "Verdict", "Interval and bound", "In words"];
const RANK = { fail: 0, cannot_tell: 1, pass: 2 };

/** What did not pass first. */
export function Gates({ gates }: { gates: GateShown[] }) {
  const sorted = gates.toSorted((a, b) => Number(b.stops) - Number(a.stops) || RANK[a.verdict] - RANK[b.verdict]);
  return (
    <>
      <p className="legend muted">Dot: what was measured. Whisker: 95 %. Dashed: the bound that was asked. Green: the side that passes.</p>
      <div className="scroll cards gates" tabIndex={0} role="region" aria-label="Table of gates">
        <table role="table">
          <caption className="hidden">Gates, those that did not pass first</caption>
          <thead role="rowgroup">
            <tr role="row">
              {HEADS.map((name) => (
                <th key={name} role="columnheader" scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody role="rowgroup">
            {sorted.map((gate) => (
              <Gate key={`${gate.kind} ${gate.metric}`} gate={gate} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Gate({ gate }: { gate: GateShown }) {
  const shown = VERDICTS[gate.verdict];
  const drawn = gate.value !== null && gate.bound !== null;
  return (
    <Fragment>
      <tr role="row" className={gate.slices.length ? "open" : undefined}>
        <th role="rowheader" scope="row">
          <b>{words(gate.kind)}</b>
          <small className="muted block">{gate.metric}</small>
        </th>
        <Cell name="Verdict">
          <StateBadge shown={shown} />
          <small className="muted block">{weight(gate)}</small>
        </Cell>
        <Cell name="Interval">
          {drawn ? <IntervalPicture {...gate} tone={shown.tone} /> : <span className="muted">see its words</span>}
          {drawn && <Ends gate={gate} />}
        </Cell>
        <Cell name="In words">
          {gate.sentence}
          {gate.rows > 0 && <small className="muted block">{count(gate.rows)} rows</small>}
        </Cell>
      </tr>
      {gate.slices.length > 0 && (
        <tr role="row" className="slices">
          <td role="cell" colSpan={4}>
            <details>
              <summary>{plural(gate.slices.length, "slice")}, worst first</summary>
              <Slices gate={gate} />
            </details>
          </td>
        </tr>
      )}
    </Fragment>
  );
}

function weight(gate: GateShown): string | null {
  if (gate.stops) return "stops it";
  return gate.verdict === "pass" ? null : "does not stop it";
}

function Ends({ gate }: { gate: GateShown }) {
  return (
    <small className="muted ends">
      <span>
        {figure(gate.value)} {interval(gate.low, gate.high)}
      </span>
      <span>bound {figure(gate.bound)}</span>
    </small>
  );
}

function Slices({ gate }: { gate: GateShown }) {
  // One axis for all of them, so that they can be compared.
  const span = spanOf([gate.bound, ...gate.slices.flatMap((one) => [one.value, one.low, one.high])]);
  const rows = gate.slices.map((one) => [
    one.name ?? "–",
    one.rows === undefined ? "–" : count(one.rows),
    `${figure(one.value)} ${interval(one.low, one.high)}`,
    <Drawn key="drawn" one={one} gate={gate} span={span} />,
    one.p_corrected === undefined ? "–" : figure(one.p_corrected),
    one.verdict ? <SliceVerdict key="verdict" verdict={one.verdict} /> : "–",
  ]);
  return (
    <Table
      caption={`Slices of ${gate.metric}, worst first`}
      head={["Slice", "Rows", "Value", "Interval and bound", "p, corrected", "Verdict"]}
      rows={rows}
      numbers={[1, 2, 4]}
    />
  );
}

function Drawn({ one, gate, span }: { one: Slice; gate: GateShown; span: [number, number] }) {
  const tone = one.verdict === "fail" ? "critical" : one.verdict === "pass" ? "ok" : "neutral";
  return <IntervalPicture value={one.value} low={one.low} high={one.high} bound={gate.bound} passes={gate.passes} span={span} tone={tone} />;
}

function SliceVerdict({ verdict }: { verdict: string }) {
  return verdict in VERDICTS ? <StateBadge shown={VERDICTS[verdict as keyof typeof VERDICTS]} /> : <>{words(verdict)}</>;
}
