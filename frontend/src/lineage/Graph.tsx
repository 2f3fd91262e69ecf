import { useMemo, useRef } from "react";
import { plural } from "../format";
import { Icon, type IconName } from "../parts/Icon";
import { useScrolledTo } from "../parts/scrolled";
import { type Box, HEIGHT, kinOf, type Layout } from "./layout";

const PICKED = '[aria-pressed="true"]';
const ICONS: Record<string, IconName> = { ok: "ok", warned: "warning", gone: "none", failed: "fail" };
export const STATE_WORDS: Record<string, string> = { ok: "ok", warned: "with a warning", gone: "gone", failed: "failed" };

interface Props {
  layout: Layout;
  edges: [string, string][];
  picked: string;
  pick: (id: string) => void;
  unfold: (layer: number) => void;
}

export function Graph({ layout, edges, picked, pick, unfold }: Props) {
  const kin = useMemo(() => {
    const ids = kinOf(picked, edges);
    return new Set([...ids].map((id) => layout.boxOf.get(id)));
  }, [picked, edges, layout]);
  const place = useRef<HTMLDivElement>(null);
  useScrolledTo(place, PICKED);
  return (
    <div ref={place} className="scroll graph" tabIndex={0} role="region" aria-label="Lineage as a picture; the same is below as a list">
      <div style={{ width: layout.width, height: layout.height }}>
        <svg width={layout.width} height={layout.height} aria-hidden="true">
          {layout.edges.map(([from, to]) => (
            <path key={`${from.id} ${to.id}`} d={curve(from, to)} className={kin.has(from.id) && kin.has(to.id) ? "kin" : undefined} />
          ))}
        </svg>
        {layout.columns.map(({ x, width, name }) => (
          <span key={x} className="column" style={{ left: x, width }} aria-hidden="true">
            {name}
          </span>
        ))}
        {layout.boxes.map((box) => (
          <Node key={box.id} box={box} picked={box.id === picked} near={kin.has(box.id)} pick={pick} unfold={unfold} />
        ))}
      </div>
    </div>
  );
}

function curve(from: Box, to: Box): string {
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + HEIGHT / 2, to.x, to.y + HEIGHT / 2];
  const bend = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

interface NodeProps {
  box: Box;
  picked: boolean;
  near: boolean;
  pick: (id: string) => void;
  unfold: (layer: number) => void;
}

function Node({ box, picked, near, pick, unfold }: NodeProps) {
  const place = { left: box.x, top: box.y, width: box.width, height: HEIGHT };
  const look = `node ${near ? "near" : "far"}`;
  if (!box.node) {
    const wrong = box.folded.filter((one) => one.state !== "ok").length;
    return (
      <button type="button" className={`${look} fold`} style={place} onClick={() => unfold(box.layer)}>
        show {plural(box.folded.length, "more", "more")}
        {wrong > 0 && `, ${wrong} not ok`}
      </button>
    );
  }
  const { id, title, state } = box.node;
  return (
    <button type="button" className={`${look} ${state}`} style={place} aria-pressed={picked} title={title} onClick={() => pick(id)}>
      <Icon name={ICONS[state] ?? "info"} />
      <span>{title}</span>
      {state !== "ok" && <span className="hidden">, {STATE_WORDS[state]}</span>}
    </button>
  );
}
