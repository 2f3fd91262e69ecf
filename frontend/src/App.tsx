import { lazy, Suspense } from "react";
import { ModelsPage } from "./models/ModelsPage";
import { Frame } from "./parts/Frame";
import { Empty, Skeleton } from "./parts/states";
import { MODELS, type Place } from "./places";

// Each page is an address of its own, so a visit loads the one that it shows; the list is the one that must be first.
const ModelPage = lazy(() => import("./model/ModelPage"));
const EvaluationPage = lazy(() => import("./evaluation/EvaluationPage"));
const LineagePage = lazy(() => import("./lineage/LineagePage"));
const DatasetsPage = lazy(() => import("./data/DatasetsPage"));
const DatasetPage = lazy(() => import("./data/DatasetPage"));

export function App({ place }: { place: Place }) {
  const inData = place.page === "datasets" || place.page === "dataset";
  return (
    <Frame here={inData ? "data" : "models"}>
      <Suspense fallback={<Skeleton />}>
        <Page place={place} />
      </Suspense>
    </Frame>
  );
}

function Page({ place }: { place: Place }) {
  switch (place.page) {
    case "models":
      return <ModelsPage />;
    case "model":
      return <ModelPage model={place.model} />;
    case "evaluation":
      return <EvaluationPage model={place.model} version={place.version} />;
    case "lineage":
      return <LineagePage model={place.model} version={place.version} />;
    case "datasets":
      return <DatasetsPage />;
    case "dataset":
      return <DatasetPage dataset={place.dataset} />;
    case "unknown":
      return (
        <Empty title="There is no such page">
          Go to the <a href={MODELS}>list of models</a>.
        </Empty>
      );
  }
}
