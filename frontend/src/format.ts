const HOUR = 3600;
const DAY_MS = 86_400_000;

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const clock: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" };
const moment = new Intl.DateTimeFormat(undefined, { ...clock, year: "numeric" });
const thisYear = new Intl.DateTimeFormat(undefined, clock);
const whole = new Intl.NumberFormat("en");
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Days of data are days in UTC for everyone; only the clock's times have a zone. */
export const asDay = (iso: string) => day.format(new Date(iso));
export function asMoment(iso: string): string {
  const at = new Date(iso);
  return (at.getFullYear() === new Date().getFullYear() ? thisYear : moment).format(at);
}
export const asUtc = (iso: string) => `${new Date(iso).toISOString().slice(0, 16).replace("T", " ")} UTC`;
export const isoDay = (at: Date) => at.toISOString().slice(0, 10);
export const isMidnight = (iso: string) => new Date(iso).getTime() % DAY_MS === 0;

export const count = (value: number) => whole.format(value);
export const plural = (value: number, one: string, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.0001 || size >= 1e6)) return value.toPrecision(4);
  return size >= 1000 ? count(Math.round(value)) : value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 4);
}

export function interval(low: number | null | undefined, high: number | null | undefined): string {
  return low === null || low === undefined ? "" : `[${figure(low)}, ${figure(high)}]`;
}

export function lasting(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 2 * HOUR) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / HOUR).toFixed(1)} h`;
}

/** Of what a processor was busy: seconds, minutes or hours, whichever says something. */
export const busy = (seconds: number) =>
  seconds >= 100 * HOUR ? `${count(Math.round(seconds / HOUR))} h` : lasting(seconds);
export const share = (value: number) => `${(100 * value).toFixed(value >= 0.995 || value < 0.1 ? 1 : 0)} %`;
export const daysSince = (iso: string) => Math.max(0, Math.floor((Date.now() - new Date(iso).getTime()) / DAY_MS));
export const words = (name: string) => name.replaceAll("_", " ");

const UNITS: [number, Intl.RelativeTimeFormatUnit][] = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export function fromNow(iso: string): string {
  const seconds = (new Date(iso).getTime() - Date.now()) / 1000;
  const [size, unit] = UNITS.find(([one]) => Math.abs(seconds) >= one) ?? [60, "minute"];
  return relative.format(Math.round(seconds / size), unit);
}
