import { useId, useMemo } from "react";
import type { ModelRow } from "../api";
import { STATES, type StateFilter, type Wanted } from "./rows";

interface Props {
  rows: ModelRow[];
  wanted: Wanted;
  set: (wanted: Wanted) => void;
}

export function Filters({ rows, wanted, set }: Props) {
  const owners = useMemo(() => [...new Set(rows.map((row) => row.owner))].sort(), [rows]);
  const tags = useMemo(() => [...new Set(rows.flatMap((row) => row.tags))].sort(), [rows]);
  const search = useId();
  return (
    <search className="filters">
      <div className="field grow">
        <label htmlFor={search}>Search</label>
        <input
          id={search}
          type="search"
          placeholder="Name, description or tag"
          value={wanted.text}
          onChange={(event) => set({ ...wanted, text: event.target.value })}
        />
      </div>
      <Pick name="Owner" value={wanted.owner} of={owners.map((one) => [one, one])} set={(owner) => set({ ...wanted, owner })} />
      <Pick name="Tag" value={wanted.tag} of={tags.map((one) => [one, one])} set={(tag) => set({ ...wanted, tag })} />
      <Pick
        name="State"
        value={wanted.state}
        of={Object.entries(STATES)}
        set={(state) => set({ ...wanted, state: state as StateFilter | "" })}
      />
    </search>
  );
}

interface PickProps {
  name: string;
  value: string;
  of: [string, string][];
  set: (value: string) => void;
}

function Pick({ name, value, of, set }: PickProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      <select id={id} value={value} onChange={(event) => set(event.target.value)}>
        <option value="">any</option>
        {of.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}
