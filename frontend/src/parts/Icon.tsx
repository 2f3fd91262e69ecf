const PATHS = {
  ok: "M3.5 8.5l3 3 6-7",
  fail: "M4 4l8 8M12 4l-8 8",
  unsure: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.6M8 12.4v.1",
  info: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 7.4v3.6M8 4.9v.1",
  warning: "M8 2.2L14.5 13.5h-13zM8 6.5v3.4M8 11.7v.1",
  critical: "M5.2 1.8h5.6l3.4 3.4v5.6l-3.4 3.4H5.2l-3.4-3.4V5.2zM8 4.8v4M8 11v.1",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  frozen: "M8 1.8v12.4M2.6 4.9l10.8 6.2M13.4 4.9L2.6 11.1",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8zM8 4.6V8l2.4 1.6",
  person: "M8 2.2a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4zM2.8 14c.3-3 2.4-4.6 5.2-4.6s4.9 1.6 5.2 4.6",
  none: "M3.5 8h9",
  out: "M6 3.5H3.2v9.3h9.3V10M9 2.8h4.2V7M13 3L7.4 8.6",
  stop: "M3.5 3.5h9v9h-9z",
  back: "M6.5 3L2.5 7l4 4M2.8 7h6.4a4 4 0 0 1 0 6.4H7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
