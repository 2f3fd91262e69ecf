import type { ModelPage as Page, Rights } from "../api";
import { Empty, Asked } from "../parts/states";
import { MODELS } from "../places";
import { useAnswer } from "../http";
import { Heading } from "../parts/Frame";
import { Actions, type Subject } from "./Actions";
import { Banners } from "./Banners";
import { Candidates } from "./Candidates";
import { ChampionCard } from "./ChampionCard";
import { Features } from "./Features";
import { Journal } from "./Journal";
import { Summary } from "./Summary";
import { Timeline } from "./Timeline";

const NONE: Rights = { retrain: false, backfill: false, approve: false, rollback: false, freeze: false };

export default function ModelPage({ model }: { model: string }) {
  return (
    <Asked<Page> path={`models/${encodeURIComponent(model)}`} title={model}>
      {(page, again) => <Loaded page={page} again={again} />}
    </Asked>
  );
}

function Loaded({ page, again }: { page: Page; again: () => void }) {
  const { row, card } = page;
  const [rights, asked] = useAnswer<Rights>(`models/${encodeURIComponent(row.model)}/rights`);
  const reload = () => {
    again();
    asked();
  };
  const subject: Subject = { page, rights: rights.state === "ready" ? rights.value : NONE, known: rights.state === "ready", reload };
  return (
    <div className="stack">
      <Heading trail={[[MODELS, "Models"]]}>{row.model}</Heading>
      <Summary row={row} />
      <Banners subject={subject} />
      <Actions subject={subject} />
      <section className="panel" aria-labelledby="timeline">
        <h2 id="timeline">Timeline</h2>
        <Timeline page={page} />
      </section>
      {card ? <ChampionCard card={card} owner={row.owner} model={row.model} /> : <NoCard page={page} />}
      {card && card.features.length > 0 && <Features views={card.features} />}
      <Candidates page={page} />
      <Journal entries={page.entries} />
    </div>
  );
}

function NoCard({ page }: { page: Page }) {
  if (page.row.champion) {
    return (
      <Empty title={`Version ${page.row.champion.version} has no release record that can be read`}>
        See what is wrong with it: <code>python -m pipelines record {page.row.model}</code>
      </Empty>
    );
  }
  return (
    <Empty title="No version is in force">
      Train one: press “Retrain now” above, or unpause <code>{page.row.model}__train</code> in Airflow. The first that
      passes its gates takes force.
    </Empty>
  );
}
