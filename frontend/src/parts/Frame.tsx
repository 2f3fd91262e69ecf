import type { ReactNode } from "react";
import { ZONE } from "../format";
import { DATASETS, MODELS } from "../places";

interface Props {
  here: "models" | "data";
  children: ReactNode;
}

export function Frame({ here, children }: Props) {
  // With a <base>, "#main" alone would be the list's address.
  const main = `${location.pathname}${location.search}#main`;
  return (
    <>
      <a className="skip" href={main}>
        Skip to the content
      </a>
      <header className="bar">
        <strong>Trainyard</strong>
        <nav aria-label="Trainyard">
          <a href={MODELS} aria-current={here === "models" ? "page" : undefined}>
            Models
          </a>
          <a href={DATASETS} aria-current={here === "data" ? "page" : undefined}>
            Data
          </a>
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <footer>
        Days are of data, in UTC. Times are of the clock, in {ZONE}{ZONE !== "UTC" && "; hover for UTC"}.
      </footer>
    </>
  );
}

/** Where a page is, and its heading. */
export function Heading({ trail, children }: { trail: [string, string][]; children: ReactNode }) {
  return (
    <div className="heading">
      <nav aria-label="Breadcrumb">
        <ol>
          {trail.map(([href, name]) => (
            <li key={href}>
              <a href={href}>{name}</a>
            </li>
          ))}
        </ol>
      </nav>
      <h1>{children}</h1>
    </div>
  );
}
