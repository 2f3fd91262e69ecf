import type { MouseEvent, ReactNode } from "react";
import { Icon } from "./Icon";

/** The frame around us forbids us to lead it away, but not its own page to follow a link. */
function leave(href: string): boolean {
  try {
    const around = window.parent.document;
    const link = around.createElement("a");
    link.href = href;
    around.body.append(link);
    link.click();
    link.remove();
    return true;
  } catch {
    return false;
  }
}

interface Props {
  href: string;
  className?: string;
  children: ReactNode;
}

/** A link to one of Airflow's own pages, which are around this frame and not in it. */
export function AirflowLink({ href, className, children }: Props) {
  const follow = (event: MouseEvent) => {
    if (window.parent !== window && leave(href)) event.preventDefault();
  };
  return (
    <a href={href} className={className} onClick={follow}>
      {children}
      <Icon name="out" />
    </a>
  );
}
