import { replacementColumns, reportColumns } from '../reports.js';
import { safeName } from './forms.js';

const prefix = 'replacement.';
const known = new Set<string>([...reportColumns, ...replacementColumns.map((column) => prefix + column)]);
const needed = ['reportId', 'kind'];

export type ColumnsChecked =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: 'UNKNOWN_COLUMN' | 'DUPLICATE_COLUMN' | 'MISSING_COLUMN';
      readonly detail: string;
    };

/** Is this a header of a carrier's file? One wrong column refuses the whole file, before anything is taken. */
export function checkColumns(header: readonly string[]): ColumnsChecked {
  const seen = new Set<string>();
  for (const [index, column] of header.entries()) {
    const name = `Column ${index + 1} (${safeName(column)})`;
    if (!known.has(column)) {
      return { ok: false, code: 'UNKNOWN_COLUMN', detail: `${name} is not one of ${[...known].join(', ')}.` };
    }
    if (seen.has(column)) return { ok: false, code: 'DUPLICATE_COLUMN', detail: `${name} is there twice.` };
    seen.add(column);
  }
  const missing = needed.find((column) => !seen.has(column));
  if (missing) return { ok: false, code: 'MISSING_COLUMN', detail: `The column ${missing} is missing.` };
  return { ok: true };
}

/** The report that a row's cells say, unchecked: an empty cell is an absent field, `replacement.…` stands in `replacement`. */
export function reportFromCells(columns: readonly string[], cells: readonly string[]): Record<string, unknown> {
  const report: Record<string, unknown> = {};
  let replacement: Record<string, unknown> | undefined;
  for (let index = 0; index < columns.length; index += 1) {
    const cell = cells[index];
    const column = columns[index]!;
    if (cell === undefined || cell === '') continue;
    if (!column.startsWith(prefix)) report[column] = cell;
    else (replacement ??= {})[column.slice(prefix.length)] = cell;
  }
  if (replacement) report['replacement'] = replacement;
  return report;
}
