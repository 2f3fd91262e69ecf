import type { Metrics } from "../api";
import { figure, interval, words } from "../format";
import { Table } from "./Table";

/** Metrics by row, whose scores by column. */
export function MetricsTable({ metrics }: { metrics: Metrics }) {
  const whose = Object.keys(metrics);
  const names = [...new Set(whose.flatMap((one) => Object.keys(metrics[one] ?? {})))];
  const rows = names.map((name) => [
    name,
    ...whose.map((one) => {
      const of = metrics[one]?.[name];
      return (
        <>
          {figure(of?.value)} <small className="muted">{interval(of?.low, of?.high)}</small>
        </>
      );
    }),
  ]);
  const columns = whose.map((_, column) => column + 1);
  return <Table caption="Metrics, with intervals of 95 %" head={["Metric", ...whose.map(words)]} rows={rows} numbers={columns} />;
}
