import { useState } from "react";
import { documentAt } from "../places";
import { Dialog } from "./Dialog";

interface Props {
  path: string;
  title: string;
  children: string;
}

/** A page of the store. It holds what data brought along, so its frame has the origin of nobody; Evidently's draws itself. */
export function DocumentButton({ path, title, children }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        {children}
      </button>
      {open && (
        <Dialog title={title} wide onClose={() => setOpen(false)}>
          <iframe className="document" sandbox={path.startsWith("drift/") ? "allow-scripts" : ""} title={title} src={documentAt(path)} />
        </Dialog>
      )}
    </>
  );
}
