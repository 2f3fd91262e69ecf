/** The timeline of a model as ECharts draws it: quality above, a lane for each kind of event below, one time axis. */
import type { Mark, MarkKind, ModelPage, ModelRow, Quality } from "../api";
import { asDay, figure, interval, share } from "../format";
import { escaped, type Ink } from "../parts/Chart";
import type { Option, Series } from "../parts/echarts";

interface Lane {
  name: string;
  symbol: string;
  colour: keyof Ink;
}

// Shapes differ as well: colour never tells alone.
const DOWN = "path://M0 0L10 0L5 9Z";
const CROSS = "path://M0 2L2 0L5 3L8 0L10 2L7 5L10 8L8 10L5 7L2 10L0 8L3 5Z";

export const LANES: Record<MarkKind, Lane> = {
  promotion: { name: "promotion", symbol: "triangle", colour: "ok" },
  rollback: { name: "rollback", symbol: DOWN, colour: "other" },
  candidate: { name: "candidate", symbol: "circle", colour: "primary" },
  retrain: { name: "retrain", symbol: "rect", colour: "info" },
  alarm: { name: "alarm", symbol: "diamond", colour: "warning" },
  stop: { name: "serving stop", symbol: "rect", colour: "critical" },
  freeze: { name: "freeze", symbol: "roundRect", colour: "info" },
};

const TOP = 28;
const QUALITY = 200;
const LANE = 26;
const BETWEEN = 10;
const BELOW = 74;
const SIDE = 92;

export function lanesOf(marks: Mark[]): MarkKind[] {
  const seen = new Set(marks.map((mark) => mark.kind));
  return (Object.keys(LANES) as MarkKind[]).filter((kind) => seen.has(kind));
}

export const timelineHeight = (marks: Mark[]) => TOP + QUALITY + BETWEEN + lanesOf(marks).length * LANE + BELOW;

export function timelineOption({ row, marks }: ModelPage, ink: Ink): Option {
  const kinds = lanesOf(marks);
  return {
    grid: [
      { left: SIDE, right: 16, top: TOP, height: QUALITY },
      { left: SIDE, right: 16, top: TOP + QUALITY + BETWEEN, height: Math.max(kinds.length * LANE, 1) },
    ],
    ...axes(row, marks, ink),
    dataZoom: dataZoom(row, marks, ink),
    tooltip: { ...tooltip(ink), trigger: "item" },
    series: [...quality(row, ink), ...kinds.map((kind) => events(kind, marks, ink))],
  };
}

/** At first what the data's time knows: a freeze stands at the clock's, years later where the past is replayed. */
function dataZoom(row: ModelRow, marks: Mark[], ink: Ink): NonNullable<Option["dataZoom"]> {
  const known = marks.filter((one) => one.kind !== "freeze").map((one) => Date.parse(one.at));
  const times = [...row.quality.map((one) => Date.parse(one.ended_at)), ...known];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const room = Math.max((last - first) * 0.05, 5 * 86_400_000);
  const shown = times.length > 0 ? { startValue: first - room, endValue: last + room } : {};
  return [
    // A finger that scrolls the page must get past the chart.
    { ...shown, type: "inside", xAxisIndex: [0, 1], filterMode: "none", zoomOnMouseWheel: "ctrl", preventDefaultMouseMove: false },
    { ...shown, type: "slider", xAxisIndex: [0, 1], filterMode: "none", bottom: 8, height: 22, ...slider(ink) },
  ];
}

function axes(row: ModelRow, marks: Mark[], ink: Ink): Pick<Option, "xAxis" | "yAxis"> {
  const times = [...row.quality.map((one) => Date.parse(one.ended_at)), ...marks.map((one) => Date.parse(one.at))];
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const room = Math.max((last - first) * 0.03, 86_400_000);
  const span = { type: "time" as const, min: first - room, max: last + room, axisLine: { lineStyle: { color: ink.border } } };
  const lines = { splitLine: { show: true, lineStyle: { color: ink.border } } };
  const label = { color: ink.muted, fontSize: 12 };
  return {
    xAxis: [
      { ...span, ...lines, gridIndex: 0, axisLabel: { show: false }, axisTick: { show: false } },
      { ...span, ...lines, gridIndex: 1, axisLabel: { ...label, hideOverlap: true } },
    ],
    yAxis: [
      { type: "value", scale: true, gridIndex: 0, axisLabel: label, name: row.metric, nameTextStyle: label, ...lines },
      {
        type: "category",
        gridIndex: 1,
        inverse: true,
        data: lanesOf(marks).map((kind) => LANES[kind].name),
        axisLabel: { ...label, interval: 0 },
        axisTick: { show: false },
        axisLine: { show: false },
        splitArea: { show: true, areaStyle: { color: ["transparent", `${ink.border}55`] } },
      },
    ],
  };
}

function slider(ink: Ink) {
  return {
    borderColor: ink.border,
    fillerColor: `${ink.primary}22`,
    textStyle: { color: ink.muted },
    showDataShadow: false as const,
    labelFormatter: (at: number) => (Number.isFinite(at) ? asDay(new Date(at).toISOString()) : ""),
  };
}

export function tooltip(ink: Ink) {
  return {
    confine: true,
    backgroundColor: ink.panel,
    borderColor: ink.border,
    textStyle: { color: ink.text, fontSize: 13 },
    extraCssText: "max-width: 380px; white-space: normal;",
  };
}

function quality(row: ModelRow, ink: Ink): Series[] {
  const at = (value: (one: Quality) => number | null) => row.quality.map((one) => [one.ended_at, value(one) ?? "-"]);
  // Two stacked lines make the band: an unseen one at its lower edge, and one as high as it is wide.
  const edge = { type: "line" as const, stack: "band", stackStrategy: "all" as const, symbol: "none", silent: true, lineStyle: { opacity: 0 } };
  return [
    { ...edge, data: at((one) => one.low) },
    {
      ...edge,
      data: at((one) => (one.low === null || one.high === null ? null : one.high - one.low)),
      areaStyle: { color: ink.primary, opacity: 0.16 },
    },
    {
      type: "line",
      data: row.quality.map((one) => ({
        value: [one.ended_at, one.value],
        itemStyle: { color: one.final ? ink.primary : ink.panel, borderColor: ink.primary, borderWidth: 2 },
      })),
      symbol: "circle",
      symbolSize: 8,
      showAllSymbol: true,
      lineStyle: { color: ink.primary, width: 2 },
      markArea: { silent: true, itemStyle: { color: ink.muted, opacity: 0.12 }, data: unsettled(row.quality) },
      tooltip: { formatter: (point) => windowTold(row.quality[(point as { dataIndex: number }).dataIndex]) },
    },
  ];
}

/** From the end of the window before to the end of each whose labels are not all known. */
function unsettled(quality: Quality[]): [{ xAxis: string }, { xAxis: string }][] {
  return quality.flatMap((one, at) => {
    const before = quality[at - 1];
    return one.final || !before ? [] : [[{ xAxis: before.ended_at }, { xAxis: one.ended_at }]];
  });
}

function windowTold(one: Quality | undefined): string {
  if (!one) return "";
  const labels = `${share(one.labelled)} of its labels known${one.final ? "" : ", not enough to judge by"}`;
  return `<b>${escaped(one.part)}</b>, version ${one.version}<br>${escaped(one.metric)} ${figure(one.value)} ${interval(one.low, one.high)}<br>${labels}`;
}

function events(kind: MarkKind, marks: Mark[], ink: Ink): Series {
  const mine = marks.filter((mark) => mark.kind === kind);
  const lane = LANES[kind];
  return {
    type: "scatter",
    xAxisIndex: 1,
    yAxisIndex: 1,
    symbolSize: 13,
    data: mine.map((mark) => ({
      value: [mark.at, lane.name],
      symbol: kind === "candidate" && mark.severity !== "ok" ? CROSS : lane.symbol,
      itemStyle: { color: ink[colourOf(mark)] },
    })),
    tooltip: { formatter: (point) => markTold(mine[(point as { dataIndex: number }).dataIndex]) },
  };
}

function colourOf(mark: Mark): keyof Ink {
  if (mark.kind === "candidate") return mark.severity === "ok" ? "primary" : "critical";
  if (mark.kind === "alarm" && mark.severity === "critical") return "critical";
  return LANES[mark.kind].colour;
}

function markTold(mark: Mark | undefined): string {
  if (!mark) return "";
  const who = mark.by ? `<br>By ${escaped(mark.by)}` : "";
  const of = mark.part ? ` of ${escaped(mark.part)}` : "";
  return `<b>${LANES[mark.kind].name}${of}</b>, ${asDay(mark.at)}<br>${escaped(mark.sentence)}${who}`;
}
