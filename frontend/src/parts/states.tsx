import { type ReactNode, useEffect } from "react";
import { type Answer, type Refusal, useAnswer } from "../http";
import { airflowAt } from "../places";
import { AirflowLink } from "./AirflowLink";

export function Skeleton() {
  return (
    <div className="skeleton" role="status">
      <span className="hidden">Loading</span>
      {[40, 90, 75, 85, 60].map((width) => (
        <div key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{children}</p>
    </div>
  );
}

const KNOWN: Record<number, string> = {
  0: "No answer",
  401: "You are not signed in",
  403: "You may not see this",
  404: "There is no such thing",
  503: "The store does not answer",
};

export function Failure({ refusal, again }: { refusal: Refusal; again: () => void }) {
  return (
    <div className="empty failure" role="alert">
      <h1>
        {KNOWN[refusal.status] ?? "The server refused"}
        {refusal.status > 0 && <small> {refusal.status}</small>}
      </h1>
      <p>{refusal.detail}</p>
      {refusal.status === 401 ? (
        <AirflowLink href={airflowAt("")} className="button">
          Sign in
        </AirflowLink>
      ) : (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

interface ShownProps<T> {
  answer: Answer<T>;
  again: () => void;
  children: (value: T) => ReactNode;
}

export function Shown<T>({ answer, again, children }: ShownProps<T>) {
  if (answer.state === "loading") return <Skeleton />;
  if (answer.state === "failed") return <Failure refusal={answer.refusal} again={again} />;
  return children(answer.value);
}

interface AskedProps<T> {
  path: string;
  title: string;
  children: (value: T, again: () => void) => ReactNode;
}

/** What the server says at an address, with all that can come in between. */
export function Asked<T>({ path, title, children }: AskedProps<T>) {
  const [answer, again] = useAnswer<T>(path);
  useEffect(() => {
    document.title = `${title} – Trainyard`;
  }, [title]);
  return (
    <Shown answer={answer} again={again}>
      {(value) => children(value, again)}
    </Shown>
  );
}
