import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { mode, subscribe } from "../theme";
import type { Drawing, Option } from "./echarts";

/** Colours of the page, for what draws on a canvas and knows no CSS. */
export type Ink = Record<"text" | "muted" | "border" | "panel" | "primary" | "ok" | "info" | "warning" | "critical" | "other", string>;

const NAMES: (keyof Ink)[] = ["text", "muted", "border", "panel", "primary", "ok", "info", "warning", "critical", "other"];

function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--ink-${name}`).trim()])) as Ink;
}

/** What data brought along goes into tooltips as text. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

interface Props {
  label: string;
  height: number;
  option: (ink: Ink) => Option;
  children: ReactNode;
}

/** label: a sentence of what it shows. children: the same as a table. */
export function Chart({ label, height, option, children }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const dark = useSyncExternalStore(subscribe, mode);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let drawing: Drawing | null = null;
    let gone = false;
    const sized = new ResizeObserver(() => drawing?.resize());
    void import("./echarts").then(({ draw }) => {
      if (gone) return;
      drawing = draw(element, option(inkOf(element)));
      sized.observe(element);
    });
    return () => {
      gone = true;
      sized.disconnect();
      drawing?.dispose();
    };
  }, [option, dark]);
  return (
    <figure className="chart">
      <div ref={place} role="img" aria-label={label} style={{ height }} />
      <details>
        <summary>As a table</summary>
        {children}
      </details>
    </figure>
  );
}
