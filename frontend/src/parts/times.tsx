import { asDay, asMoment, asUtc, isMidnight } from "../format";

/** A time of the clock, in the reader's zone. */
export function Moment({ at }: { at: string }) {
  return (
    <time dateTime={at} title={asUtc(at)}>
      {asMoment(at)}
    </time>
  );
}

/** A bound of data. Midnight in UTC is a day, and would be the day before in America if it were moved. */
export function Day({ at }: { at: string }) {
  return (
    <time dateTime={at} title={asUtc(at)}>
      {isMidnight(at) ? asDay(at) : asMoment(at)}
    </time>
  );
}
