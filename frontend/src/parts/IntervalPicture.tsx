import { figure, interval } from "../format";

const WIDTH = 260;
const HEIGHT = 30;
const EDGE = 10;

interface Props {
  value: number | null | undefined;
  low: number | null | undefined;
  high: number | null | undefined;
  bound?: number | null | undefined;
  passes?: "above" | "below" | null;
  /** Of the axis; by itself from what is drawn. */
  span?: [number, number] | undefined;
  tone: string;
}

export function spanOf(numbers: (number | null | undefined)[]): [number, number] {
  const known = numbers.filter((one): one is number => typeof one === "number" && Number.isFinite(one));
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const room = (most - least || Math.abs(most) || 1) * 0.18;
  return [least - room, most + room];
}

/** A figure with its interval on an axis of its own, the bound that was asked, and the side of it that passes. */
export function IntervalPicture({ value, low, high, bound, passes, span, tone }: Props) {
  if (typeof value !== "number") return <span className="muted">nothing to draw</span>;
  const [least, most] = span ?? spanOf([value, low, high, bound]);
  const x = (at: number) => EDGE + ((at - least) / (most - least || 1)) * (WIDTH - 2 * EDGE);
  const asked = typeof bound === "number" ? `; bound ${figure(bound)}${passes ? `, passes ${passes}` : ""}` : "";
  return (
    <svg
      className={`interval ${tone}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${figure(value)} ${interval(low, high)}${asked}`}
    >
      <line className="axis" x1={EDGE} x2={WIDTH - EDGE} y1="15" y2="15" />
      {typeof bound === "number" && <Bound at={x(bound)} passes={passes ?? null} />}
      {typeof low === "number" && typeof high === "number" && (
        <path className="whisker" d={`M${x(low)} 9v12M${x(low)} 15H${x(high)}M${x(high)} 9v12`} />
      )}
      <circle cx={x(value)} cy="15" r="4" />
    </svg>
  );
}

function Bound({ at, passes }: { at: number; passes: "above" | "below" | null }) {
  const [from, to] = passes === "above" ? [at, WIDTH - EDGE] : [EDGE, at];
  return (
    <>
      {passes && <rect className="passing" x={from} width={Math.max(0, to - from)} y="3" height="24" />}
      <line className="bound" x1={at} x2={at} y1="2" y2="28" />
    </>
  );
}
