/** The parts of ECharts that are used, in a chunk of their own: the list of models draws without them. */
import { LineChart, type LineSeriesOption, ScatterChart, type ScatterSeriesOption } from "echarts/charts";
import {
  DataZoomInsideComponent,
  type DataZoomComponentOption,
  DataZoomSliderComponent,
  GridComponent,
  type GridComponentOption,
  MarkAreaComponent,
  TooltipComponent,
  type TooltipComponentOption,
} from "echarts/components";
import { type ComposeOption, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  LineChart,
  ScatterChart,
  GridComponent,
  TooltipComponent,
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  MarkAreaComponent,
  CanvasRenderer,
]);

export type Option = ComposeOption<
  LineSeriesOption | ScatterSeriesOption | GridComponentOption | TooltipComponentOption | DataZoomComponentOption
>;
export type Series = LineSeriesOption | ScatterSeriesOption;
export type Drawing = ReturnType<typeof init>;

export function draw(element: HTMLElement, option: Option): Drawing {
  const drawing = init(element);
  const { fontFamily } = getComputedStyle(element);
  drawing.setOption({ animation: false, useUTC: true, textStyle: { fontFamily }, ...option });
  return drawing;
}
