import { memo } from "react";
import type { ModelRow } from "../api";
import { count, daysSince, fromNow, busy, plural, words } from "../format";
import { Badge, SEVERITIES, StateBadge, VERDICTS } from "../parts/Badge";
import { Cell } from "../parts/Cell";
import { Icon } from "../parts/Icon";
import { Sparkline } from "../parts/Sparkline";
import { Day, Moment } from "../parts/times";
import { evaluationAt, modelAt } from "../places";
import { soonest } from "./rows";

export const Row = memo(function Row({ row }: { row: ModelRow }) {
  return (
    <tr role="row" className={row.attention.length ? "urgent" : undefined}>
      <th role="rowheader" scope="row">
        <a href={modelAt(row.model)}>{row.model}</a>
        <p className="muted">{row.description}</p>
        <Reason row={row} />
      </th>
      <Cell name="Champion">
        <Champion row={row} />
      </Cell>
      <Cell name="Quality">
        <Sparkline quality={row.quality} />
      </Cell>
      <Cell name="Drift">{row.drift ? <StateBadge shown={SEVERITIES[row.drift.severity]} /> : <Nothing>not watched yet</Nothing>}</Cell>
      <Cell name="Last gates">
        <Gates row={row} />
      </Cell>
      <Cell name="Next run">
        <NextRun row={row} />
      </Cell>
      <Cell name="Approval">
        <Approval row={row} />
      </Cell>
      <Cell name="Cost, 30 days">
        <Cost row={row} />
      </Cell>
      <Cell name="Owner">{row.owner}</Cell>
    </tr>
  );
});

function Nothing({ children }: { children: string }) {
  return <span className="muted">{children}</span>;
}

function Reason({ row }: { row: ModelRow }) {
  const [first, ...others] = row.attention;
  if (!first) return null;
  return (
    <p className="reason" title={row.attention.map((one) => one.sentence).join("\n")}>
      <Icon name="person" />
      <span>{first.sentence}</span>
      {others.length > 0 && <b className="nowrap">+{others.length}</b>}
    </p>
  );
}

function Champion({ row }: { row: ModelRow }) {
  if (!row.champion) return <Nothing>none yet</Nothing>;
  return (
    <>
      <b>v{row.champion.version}</b>
      <small className="muted block">
        since <Day at={row.champion.effective_from} />, {count(daysSince(row.champion.effective_from))} d
      </small>
    </>
  );
}

function Gates({ row }: { row: ModelRow }) {
  if (!row.gates) return <Nothing>nothing judged yet</Nothing>;
  return (
    <>
      <a href={evaluationAt(row.model, row.gates.version)} aria-label={`Evaluation of version ${row.gates.version}: ${words(row.gates.verdict)}`}>
        <StateBadge shown={VERDICTS[row.gates.verdict]} />
      </a>
      <small className="muted clamp" title={row.gates.sentence}>
        {row.gates.sentence}
      </small>
    </>
  );
}

function NextRun({ row }: { row: ModelRow }) {
  const due = soonest(row);
  if (due) {
    return (
      <>
        <span title={fromNow(due[1])}>
          <Moment at={due[1]} />
        </span>
        <small className="muted block">{due[0]}</small>
      </>
    );
  }
  if (row.paused.length === 0) return <Nothing>none due</Nothing>;
  return (
    <Badge tone="neutral" icon="pause">
      paused
    </Badge>
  );
}

function Approval({ row }: { row: ModelRow }) {
  return (
    <>
      {row.waiting && (
        <>
          <Badge tone="warning" icon="person">
            v{row.waiting.version} waits
          </Badge>
          <small className="muted block">
            until <Moment at={row.waiting.until} />
          </small>
        </>
      )}
      {row.frozen && (
        <Badge tone="info" icon="frozen" title={row.frozen.reason}>
          frozen
        </Badge>
      )}
      {!row.waiting && !row.frozen && <Nothing>–</Nothing>}
    </>
  );
}

function Cost({ row }: { row: ModelRow }) {
  if (row.cost.trainings === 0) return <Nothing>no training</Nothing>;
  return (
    <>
      {busy(row.cost.cpu_s)} CPU
      {row.cost.gpu_s > 0 && <span className="block">{busy(row.cost.gpu_s)} GPU</span>}
      <small className="muted block">{plural(row.cost.trainings, "training")}</small>
    </>
  );
}
