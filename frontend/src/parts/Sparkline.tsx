import type { Quality } from "../api";
import { figure } from "../format";

const WIDTH = 116;
const HEIGHT = 30;
const EDGE = 4;

type Point = [number, number];

const drawn = (points: Point[]) => points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");

/** The last windows, oldest first, with their intervals; a hollow end is one whose labels are not all known. */
export function Sparkline({ quality }: { quality: Quality[] }) {
  const last = quality.at(-1);
  if (!last) return <span className="muted">no window yet</span>;
  const all = quality.flatMap((one) => [one.value, one.low ?? one.value, one.high ?? one.value]);
  const [bottom, top] = [Math.min(...all), Math.max(...all)];
  const x = (at: number) => EDGE + (quality.length < 2 ? 1 : at / (quality.length - 1)) * (WIDTH - 2 * EDGE);
  const y = (value: number) => EDGE + (1 - (value - bottom) / (top - bottom || 1)) * (HEIGHT - 2 * EDGE);
  const line = quality.map((one, at): Point => [x(at), y(one.value)]);
  const lows = quality.map((one, at): Point => [x(at), y(one.low ?? one.value)]);
  const highs = quality.map((one, at): Point => [x(at), y(one.high ?? one.value)]);
  const told = `${last.metric} over ${quality.length} windows, from ${figure(quality[0]?.value)} to ${figure(last.value)}`;
  return (
    <span className="spark">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={told}>
        <polygon points={drawn([...lows, ...highs.reverse()])} />
        <polyline points={drawn(line)} />
        <circle cx={x(quality.length - 1)} cy={y(last.value)} r="2.8" className={last.final ? undefined : "hollow"} />
      </svg>
      <span>
        <b>{figure(last.value)}</b> <small className="muted">{last.metric}</small>
      </span>
    </span>
  );
}
