/** Airflow's colour mode. next-themes keeps it as a class of the page around us, and in localStorage. */

export type Mode = "light" | "dark";

function parentRoot(): HTMLElement | null {
  try {
    return window.parent === window ? null : window.parent.document.documentElement;
  } catch {
    return null;
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

export function mode(): Mode {
  const classes = parentRoot()?.classList;
  if (classes?.contains("dark")) return "dark";
  if (classes?.contains("light")) return "light";
  const kept = stored();
  if (kept === "dark" || kept === "light") return kept;
  return prefersDark.matches ? "dark" : "light";
}

const listeners = new Set<() => void>();

function apply(): void {
  const root = document.documentElement;
  const now = mode();
  if (root.dataset.mode === now) return;
  root.dataset.mode = now;
  for (const listener of listeners) listener();
}

export function followMode(): void {
  apply();
  const around = parentRoot();
  if (around) new MutationObserver(apply).observe(around, { attributes: true, attributeFilter: ["class"] });
  prefersDark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
}

/** For useSyncExternalStore. */
export function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
