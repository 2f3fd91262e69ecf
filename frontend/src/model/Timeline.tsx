import { useMemo } from "react";
import type { ModelPage } from "../api";
import { figure, interval, plural, share } from "../format";
import { Badge } from "../parts/Badge";
import { Chart } from "../parts/Chart";
import { Table } from "../parts/Table";
import { Day } from "../parts/times";
import { lanesOf, LANES, timelineHeight, timelineOption } from "./timelineOption";

export function Timeline({ page }: { page: ModelPage }) {
  const { row, marks } = page;
  const option = useMemo(() => (ink: Parameters<typeof timelineOption>[1]) => timelineOption(page, ink), [page]);
  if (row.quality.length + marks.length === 0) {
    return (
      <p className="muted">
        Nothing happened yet. Unpause <code>{row.model}__train</code> in Airflow, or press “Retrain now”.
      </p>
    );
  }
  const last = row.quality.at(-1);
  const told = last ? `${row.metric} in ${plural(row.quality.length, "window")}, last ${figure(last.value)} in ${last.part}` : "no window was watched yet";
  return (
    <>
      <Legend page={page} />
      <Chart label={`Timeline of ${row.model}: ${told}; ${plural(marks.length, "event")} below it.`} height={timelineHeight(marks)} option={option}>
        <Tables page={page} />
      </Chart>
    </>
  );
}

function Legend({ page: { row, marks } }: { page: ModelPage }) {
  return (
    <p className="legend muted">
      Line: {row.metric} by the window it was watched in, {row.higher_is_better ? "higher" : "lower"} is better. Band: 95 %.
      Hollow and shaded: not enough labels known yet. {lanesOf(marks).length > 0 && "Below: what happened."} Ctrl and wheel
      zoom, dragging moves.
    </p>
  );
}

function Tables({ page: { row, marks } }: { page: ModelPage }) {
  return (
    <div className="stack">
      <Table
        caption={`${row.metric} by window`}
        head={["Window", "Ended", "Version", row.metric, "Interval of 95 %", "Labels known"]}
        numbers={[3, 4, 5]}
        rows={row.quality.map((one) => [
          one.part,
          <Day key="ended" at={one.ended_at} />,
          `v${one.version}`,
          figure(one.value),
          interval(one.low, one.high) || "–",
          <>
            {share(one.labelled)}{" "}
            {!one.final && (
              <Badge tone="neutral" icon="clock">
                not final
              </Badge>
            )}
          </>,
        ])}
      />
      <Table
        cards
        caption="What happened"
        head={["As of", "What", "In words", "Who"]}
        rows={marks.map((one) => [<Day key="at" at={one.at} />, LANES[one.kind].name, one.sentence, one.by ?? "–"])}
      />
    </div>
  );
}
