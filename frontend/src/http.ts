import { useCallback, useEffect, useState } from "react";

/** What the server did not do, in its own words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
  ) {
    super(detail);
  }
}

interface Problem {
  loc?: unknown[];
  msg?: string;
}

/** FastAPI's detail is a sentence, or a list of what is wrong with which field. */
function toldBy(body: unknown): string | null {
  const detail = (body as { detail?: unknown } | null)?.detail;
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail)) {
    return (detail as Problem[]).map((one) => `${(one.loc ?? []).slice(1).join(".")}: ${one.msg ?? ""}`).join("; ");
  }
  return detail ? JSON.stringify(detail) : null;
}

async function asJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

export async function ask<T>(address: string, method = "GET", body?: unknown): Promise<T> {
  const sent: RequestInit = { method, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (body !== undefined) {
    sent.body = JSON.stringify(body);
    sent.headers = { ...sent.headers, "Content-Type": "application/json" };
  }
  const response = await fetch(new URL(address, document.baseURI), sent).catch(() => null);
  if (response === null) throw new Refusal(0, "The server cannot be reached.");
  const answer = await asJson(response);
  if (!response.ok) throw new Refusal(response.status, toldBy(answer) ?? (response.statusText || "No reason was given."));
  if (answer === null) throw new Refusal(response.status, "The answer is not JSON.");
  return answer as T;
}

export type Answer<T> =
  | { state: "loading" }
  | { state: "failed"; refusal: Refusal }
  | { state: "ready"; value: T };

/** GET below `api/`. What was shown stays shown while it is asked for again. */
export function useAnswer<T>(path: string): [Answer<T>, () => void] {
  const [answer, setAnswer] = useState<Answer<T>>({ state: "loading" });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let current = true;
    ask<T>(`api/${path}`).then(
      (value) => current && setAnswer({ state: "ready", value }),
      (error: unknown) => current && setAnswer({ state: "failed", refusal: asRefusal(error) }),
    );
    return () => {
      current = false;
    };
  }, [path, turn]);
  return [answer, useCallback(() => setTurn((now) => now + 1), [])];
}

export function asRefusal(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(0, String(error));
}
