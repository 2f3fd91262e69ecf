import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/forms.css";
import "./styles/parts.css";
import "./styles/pictures.css";
import "./styles/cards.css";
import "./styles/models.css";
import "./styles/model.css";
import "./styles/evaluation.css";
import "./styles/lineage.css";
import "./styles/calendar.css";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { placeOf } from "./places";
import { followMode } from "./theme";

followMode();
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(<App place={placeOf(new URL(location.href), new URL(document.baseURI))} />);
}
