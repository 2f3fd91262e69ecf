import { type RefObject, useEffect } from "react";

/** At first, what scrolls sideways shows what is picked in it. */
export function useScrolledTo(place: RefObject<HTMLElement | null>, picked: string): void {
  useEffect(() => {
    const around = place.current;
    const one = around?.querySelector(picked);
    if (!around || !one) return;
    const [outer, inner] = [around.getBoundingClientRect(), one.getBoundingClientRect()];
    around.scrollLeft += inner.left + inner.width / 2 - (outer.left + outer.width / 2);
  }, [place, picked]);
}
