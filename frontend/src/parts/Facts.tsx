import { Fragment, type ReactNode } from "react";

/** Pairs of a name and what it is; what is null is left out. */
export function Facts({ of }: { of: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {of.map(
        ([name, value]) =>
          value !== null && (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </Fragment>
          ),
      )}
    </dl>
  );
}

/** Enough of a digest to tell it from others; the whole one on hover and to whoever copies it. */
export function Digest({ of }: { of: string }) {
  return (
    <code className="digest" title={of}>
      {of}
    </code>
  );
}
