import type { ReactNode } from "react";

interface Props {
  name: string;
  className?: string | undefined;
  children: ReactNode;
}

/** A cell that carries its column's name for narrow screens, where each row is a card and there is no head. */
export function Cell({ name, className, children }: Props) {
  return (
    <td role="cell" className={className}>
      <span className="name" aria-hidden="true">
        {name}
      </span>
      <div>{children}</div>
    </td>
  );
}
