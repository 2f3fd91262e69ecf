import { type KeyboardEvent, useMemo, useRef } from "react";
import type { DatasetPage, Partition } from "../api";
import { count } from "../format";
import { PARTITION_STATES } from "../parts/Badge";
import { Icon } from "../parts/Icon";
import { useScrolledTo } from "../parts/scrolled";

const DAY_MS = 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const PICKED = '[aria-pressed="true"]';
const WEEKDAYS = ["Mon", "", "Wed", "", "Fri", "", "Sun"];

interface Props {
  page: DatasetPage;
  picked: string;
  pick: (part: string) => void;
}

/** One cell for each partition. Tab reaches the picked one, arrows go on from there. */
export function Calendar({ page, picked, pick }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { partitions, granularity } = page;
  useScrolledTo(place, PICKED);
  const years = useMemo(() => byYear(partitions), [partitions]);
  const steps: Record<string, number> =
    granularity === "day"
      ? { ArrowRight: 7, ArrowLeft: -7, ArrowDown: 1, ArrowUp: -1 }
      : { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 12, ArrowUp: -12 };
  const move = (event: KeyboardEvent) => {
    const step = steps[event.key];
    const next = partitions[partitions.findIndex((one) => one.part === picked) + (step ?? 0)];
    if (step === undefined || !next) return;
    event.preventDefault();
    pick(next.part);
    place.current?.querySelector<HTMLElement>(`[data-part="${CSS.escape(next.part)}"]`)?.focus();
  };
  const given = { picked, pick };
  return (
    <div ref={place} className={`scroll calendar ${granularity}`} role="group" aria-label={`Partitions by ${granularity}`} onKeyDown={move}>
      {granularity === "month" && <Heads of={MONTHS} />}
      {years.map(([year, mine]) =>
        granularity === "month" ? <Months key={year} year={year} mine={mine} {...given} /> : <Days key={year} year={year} mine={mine} {...given} />,
      )}
    </div>
  );
}

function byYear(partitions: Partition[]): [number, Partition[]][] {
  return [...Map.groupBy(partitions, (one) => new Date(one.start).getUTCFullYear())];
}

function Heads({ of }: { of: string[] }) {
  return (
    <div className="year" aria-hidden="true">
      <span />
      {of.map((name) => (
        <small key={name}>{name}</small>
      ))}
    </div>
  );
}

interface YearProps extends Omit<Props, "page"> {
  year: number;
  mine: Partition[];
}

function Months({ year, mine, ...given }: YearProps) {
  return (
    <div className="year">
      <b>{year}</b>
      {mine.map((one) => (
        <Cell key={one.part} one={one} column={2 + new Date(one.start).getUTCMonth()} row={1} {...given} />
      ))}
    </div>
  );
}

function Days({ year, mine, ...given }: YearProps) {
  const first = Date.UTC(year, 0, 1);
  // Weeks begin on Monday.
  const shift = (new Date(first).getUTCDay() + 6) % 7;
  const at = (time: number) => Math.round((time - first) / DAY_MS) + shift;
  const week = (time: number) => 2 + Math.floor(at(time) / 7);
  return (
    <section aria-label={`${year}`}>
      <b>{year}</b>
      <div className="year">
        {MONTHS.map((name, month) => (
          <small key={name} aria-hidden="true" style={{ gridRow: 1, gridColumn: `${week(Date.UTC(year, month, 1))} / span 4` }}>
            {name}
          </small>
        ))}
        {WEEKDAYS.map((name, row) => name && (
          <small key={name} aria-hidden="true" style={{ gridRow: row + 2, gridColumn: 1 }}>
            {name}
          </small>
        ))}
        {mine.map((one) => {
          const time = Date.parse(one.start);
          return <Cell key={one.part} one={one} column={week(time)} row={2 + (at(time) % 7)} {...given} />;
        })}
      </div>
    </section>
  );
}

interface CellProps extends Omit<Props, "page"> {
  one: Partition;
  column: number;
  row: number;
}

function Cell({ one, column, row, picked, pick }: CellProps) {
  const { tone, icon, text } = PARTITION_STATES[one.state];
  const told = `${one.part}: ${text}${one.rows === null ? "" : `, ${count(one.rows)} rows`}`;
  const here = one.part === picked;
  return (
    <button
      type="button"
      className={`cell ${tone}`}
      style={{ gridColumn: column, gridRow: row }}
      data-part={one.part}
      tabIndex={here ? 0 : -1}
      aria-pressed={here}
      aria-label={told}
      title={told}
      onClick={() => pick(one.part)}
    >
      <Icon name={icon} />
    </button>
  );
}
