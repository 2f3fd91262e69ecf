import type { ReactNode } from "react";
import { Cell } from "./Cell";

interface Props {
  caption: string;
  head: string[];
  rows: ReactNode[][];
  numbers?: number[];
  /** On a narrow screen each row is a card; else the table scrolls by itself, by keyboard too. */
  cards?: boolean;
}

/** A plain table: the first cell of a row names it. */
export function Table({ caption, head, rows, numbers = [], cards = false }: Props) {
  const kind = (column: number) => (numbers.includes(column) ? "number" : undefined);
  return (
    <div className={cards ? "scroll cards" : "scroll"} tabIndex={0} role="region" aria-label={caption}>
      {/* As cards the elements are no table any more; the roles say that it still is one. */}
      <table role="table">
        <caption className="hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {head.map((name, column) => (
              <th key={name} role="columnheader" scope="col" className={kind(column)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((cells, row) => (
            <tr key={row} role="row">
              <th role="rowheader" scope="row" className={kind(0)}>
                {cells[0]}
              </th>
              {cells.slice(1).map((cell, column) => (
                <Cell key={head[column + 1]} name={head[column + 1] ?? ""} className={kind(column + 1)}>
                  {cell}
                </Cell>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
