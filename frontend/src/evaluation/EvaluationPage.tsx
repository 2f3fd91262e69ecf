import { lazy, Suspense } from "react";
import type { EvaluationPage as Page } from "../api";
import { count, plural, words } from "../format";
import { Badge, StateBadge, VERDICTS } from "../parts/Badge";
import { DocumentButton } from "../parts/DocumentButton";
import { Facts } from "../parts/Facts";
import { Heading } from "../parts/Frame";
import { MetricsTable } from "../parts/MetricsTable";
import { Asked, Skeleton } from "../parts/states";
import { Day } from "../parts/times";
import { evaluationAt, lineageAt, MODELS, modelAt } from "../places";
import { Gates } from "./Gates";

const Curves = lazy(() => import("./Curves"));

interface Props {
  model: string;
  version: number;
}

export default function EvaluationPage({ model, version }: Props) {
  const path = `models/${encodeURIComponent(model)}/versions/${version}/evaluation`;
  return (
    <Asked<Page> path={path} title={`Evaluation of ${model} v${version}`}>
      {(page) => <Loaded page={page} />}
    </Asked>
  );
}

function Loaded({ page }: { page: Page }) {
  const { model, version } = page;
  return (
    <div className="stack">
      <Heading
        trail={[
          [MODELS, "Models"],
          [modelAt(model), model],
        ]}
      >
        Evaluation of version {version}
      </Heading>
      <Verdict page={page} />
      <div className="actions">
        {page.document && (
          <DocumentButton path={page.document} title={`Evaluation of ${model}, version ${version}`}>
            Whole page
          </DocumentButton>
        )}
        <a className="button" href={lineageAt(model, version)}>
          Lineage
        </a>
      </div>
      <section className="panel" aria-labelledby="gates">
        <h2 id="gates">Gates</h2>
        <Gates gates={page.gates} />
      </section>
      <section className="panel" aria-labelledby="curves">
        <h2 id="curves">Curves</h2>
        {page.curves.length ? (
          <Suspense fallback={<Skeleton />}>
            <Curves curves={page.curves} />
          </Suspense>
        ) : (
          <p className="muted">
            This evaluation is from before its curves were kept{page.document ? ": the whole page draws them." : "."} Its gates and
            metrics: <code>python -m pipelines show evaluation {model} {version}</code>
          </p>
        )}
      </section>
      <section className="panel" aria-labelledby="metrics">
        <h2 id="metrics">Metrics</h2>
        <MetricsTable metrics={page.metrics} />
      </section>
    </div>
  );
}

function Verdict({ page }: { page: Page }) {
  const shown = VERDICTS[page.verdict];
  const failed = page.gates.filter((one) => one.verdict !== "pass");
  return (
    <section className={`verdict ${shown.tone}`} aria-label="Verdict">
      <p className="said">
        <StateBadge shown={shown} />
        <strong>{page.sentence || `version ${page.version}: ${words(page.verdict)}`}</strong>
      </p>
      {page.verdict === "pass" && failed.length > 0 && (
        <p>
          <Badge tone="warning" icon="warning">
            {plural(failed.length, "gate")} did not pass and {failed.length === 1 ? "does" : "do"} not stop it
          </Badge>
        </p>
      )}
      <Facts
        of={[
          ["Approval", page.approval],
          ["As of", <Day key="as-of" at={page.as_of} />],
          [
            "Judged on",
            <>
              <Day at={page.window[0]} /> to before <Day at={page.window[1]} />, {count(page.rows)} rows
            </>,
          ],
          [
            "Against",
            page.against === null ? "no champion: the first" : (
              <>
                <a href={evaluationAt(page.model, page.against)}>version {page.against}</a>, on {count(page.champion_rows)} rows
              </>
            ),
          ],
          ["Attempt", page.attempt > 1 ? `number ${page.attempt}` : null],
        ]}
      />
    </section>
  );
}
