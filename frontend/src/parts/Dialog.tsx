import { type ReactNode, type RefObject, useEffect, useId, useRef } from "react";
import { Icon } from "./Icon";

interface Props {
  title: string;
  wide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A native modal: it keeps the focus inside, closes on Escape, and gives the focus back. */
export function Dialog({ title, wide = false, onClose, children }: Props) {
  const heading = useId();
  const dialog: RefObject<HTMLDialogElement | null> = useRef(null);
  useEffect(() => {
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
  }, []);
  return (
    <dialog ref={dialog} className={wide ? "wide" : undefined} aria-labelledby={heading} onClose={onClose}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button type="button" className="plain" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="fail" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
