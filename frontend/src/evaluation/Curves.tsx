import { useMemo } from "react";
import type { CurveShown } from "../api";
import { count, figure } from "../format";
import { Chart, escaped, type Ink } from "../parts/Chart";
import type { Option, Series } from "../parts/echarts";
import { Table } from "../parts/Table";
import { tooltip } from "../model/timelineOption";

interface Point {
  seriesName: string;
  value: [number, number];
}

const MOST_ROWS = 40;
const STYLES = { candidate: ["primary", "solid"], champion: ["other", "dashed"] } as const;

export default function Curves({ curves }: { curves: CurveShown[] }) {
  return (
    <div className="curves">
      {curves.map((curve) => (
        <Curve key={curve.title} curve={curve} />
      ))}
    </div>
  );
}

function Curve({ curve }: { curve: CurveShown }) {
  const option = useMemo(() => (ink: Ink) => optionOf(curve, ink), [curve]);
  const whose = Object.keys(curve.lines);
  return (
    <article>
      <h3>{curve.title}</h3>
      <p className="muted">{curve.summary}</p>
      <p className="legend">
        {whose.map((who) => (
          <span key={who} className={`key ${who}`}>
            {who}
            {curve.rows[who] !== undefined && <small className="muted"> {count(curve.rows[who])} rows</small>}
          </span>
        ))}
        {curve.chance.length > 0 && <span className="key chance">{curve.chance_label}</span>}
      </p>
      <Chart label={`${curve.title}: ${curve.y_label} by ${curve.x_label}, of ${whose.join(" and ")}. ${curve.summary}`} height={270} option={option}>
        {whose.map((who) => (
          <Table
            key={who}
            caption={`${curve.title}, ${who}`}
            head={[curve.x_label, `${curve.y_label}, ${who}`]}
            rows={thinned(curve.lines[who] ?? []).map(([x, y]) => [figure(x), figure(y)])}
            numbers={[0, 1]}
          />
        ))}
      </Chart>
    </article>
  );
}

/** A curve of a thousand points is no table to read; evenly chosen ones are. */
function thinned(points: [number, number][]): [number, number][] {
  if (points.length <= MOST_ROWS) return points;
  const step = (points.length - 1) / (MOST_ROWS - 1);
  return Array.from({ length: MOST_ROWS }, (_, at) => points[Math.round(at * step)] as [number, number]);
}

function optionOf(curve: CurveShown, ink: Ink): Option {
  const axis = {
    type: "value" as const,
    scale: true,
    axisLabel: { color: ink.muted },
    nameTextStyle: { color: ink.muted },
    nameLocation: "middle" as const,
    splitLine: { lineStyle: { color: ink.border } },
    axisLine: { lineStyle: { color: ink.border } },
  };
  return {
    grid: { left: 58, right: 14, top: 12, bottom: 44 },
    xAxis: { ...axis, name: curve.x_label, nameGap: 26 },
    yAxis: { ...axis, name: curve.y_label, nameGap: 42 },
    tooltip: {
      ...tooltip(ink),
      trigger: "axis",
      formatter: (points) => told(curve, points as unknown as Point[]),
    },
    series: [
      ...Object.entries(curve.lines).map(([who, points]) => line(who, points, curve.marked, ink)),
      {
        type: "line",
        name: curve.chance_label,
        data: curve.chance,
        symbol: "none",
        silent: true,
        lineStyle: { color: ink.muted, type: "dotted", width: 1.5 },
      },
    ],
  };
}

function line(who: string, points: [number, number][], marked: boolean, ink: Ink): Series {
  const [colour, type] = STYLES[who as keyof typeof STYLES] ?? (["info", "solid"] as const);
  return {
    type: "line",
    name: who,
    data: points,
    symbol: marked ? "circle" : "none",
    symbolSize: 6,
    showSymbol: marked,
    itemStyle: { color: ink[colour] },
    lineStyle: { color: ink[colour], type, width: 2 },
  };
}

function told(curve: CurveShown, points: Point[]): string {
  const x = points[0]?.value[0];
  const lines = points.map((one) => `${escaped(one.seriesName)}: ${figure(one.value[1])}`);
  return [`${escaped(curve.x_label)} ${figure(x)}`, ...lines].join("<br>");
}
