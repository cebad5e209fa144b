import { plainToInstance } from 'class-transformer';
import { type ReportId, reportIdPattern } from '../ids.js';
import { type Report, reportKinds, reportLineBytesMax, type ReportKind } from '../reports.js';
import { acceptReport } from './accept-report.js';
import { type Checked, checkInstance, isObject } from './check.js';
import { refusal, safeName } from './forms.js';
import { parseInstant } from './instants.js';
import {
  countQuotes,
  hasLoneSurrogate,
  hasNul,
  isNestedDeeper,
  nestingMax,
  repeatedKeyOf,
  utf8BytesOf,
} from './json-text.js';
import { reportForms, replacementForms, replacementKinds } from './report-forms.js';

/**
 * A report, its instants in UTC and its `number` as it was written; or why it is none: `detail` names the field, the form
 * of its value and what is accepted, and what could be read all the same stands beside it.
 */
export type ParsedReport =
  | { readonly ok: true; readonly report: Report }
  | {
      readonly ok: false;
      readonly detail: string;
      readonly reportId?: ReportId;
      readonly kind?: ReportKind;
      readonly number?: string;
    };

const detailsMax = 3;

/** Reads the JSON text of one report. Never throws. */
export function parseReport(text: string): ParsedReport {
  if (text.length > reportLineBytesMax || text.length * 3 > reportLineBytesMax) {
    const bytes = utf8BytesOf(text);
    if (bytes > reportLineBytesMax) return refused(`line: ${bytes} bytes; it takes at most ${reportLineBytesMax}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused(
      text.trim() === '' ? 'line: empty; it takes a JSON object' : 'line: not JSON; it takes a JSON object',
    );
  }
  const report = acceptReport(value);
  if (report && !text.includes('\\') && countQuotes(text) === quotesOf(report)) return { ok: true, report };
  return judge(text, value);
}

/**
 * The quotes of a text without escapes that says this report and no key twice: four for each field, two for the key of a
 * replacement and four for each field of that. A repeated key makes them more.
 */
function quotesOf(report: Report): number {
  const fields = Object.keys(report).length;
  if (report.kind !== 'corrected' || !report.replacement) return 4 * fields;
  return 4 * (fields - 1) + 2 + 4 * Object.keys(report.replacement).length;
}

/** The same by the forms, with a reason for what is refused. */
function judge(text: string, value: unknown): ParsedReport {
  if (!isObject(value)) return refused(refusal('line', value, 'a JSON object'));
  if (isNestedDeeper(value, nestingMax))
    return refused(`line: nested deeper than ${nestingMax}; it takes fields with texts`, value);
  const repeated = repeatedKeyOf(text);
  if (repeated !== undefined) {
    return refused(`${safeName(repeated)}: there twice; it takes each field once`, { ...value, [repeated]: undefined });
  }
  if (hasLoneSurrogate(value)) return refused('line: half of a surrogate pair; it takes well-formed Unicode', value);
  if (hasNul(value)) return refused('line: a NUL character; it takes text without', value);
  const checked = checkReport(value);
  if (checked.ok) return { ok: true, report: checked.value };
  return refused(
    checked.errors
      .slice(0, detailsMax)
      .map(({ detail }) => detail)
      .join('. '),
    value,
  );
}

/** A parsed JSON value against the form of its kind. */
export function checkReport(value: Record<string, unknown>): Checked<Report> {
  const kind = reportKinds.find((known) => known === value['kind']);
  if (!kind) return wrongKind('kind', value['kind'], reportKinds);
  const { replacement, ...rest } = value;
  const instance = plainToInstance(reportForms[kind], rest) as { replacement?: unknown };
  if (replacement !== undefined) {
    instance.replacement = replacement;
    if (kind === 'corrected' && isObject(replacement)) {
      const replacing = replacementKinds.find((known) => known === replacement['kind']);
      if (!replacing) return wrongKind('replacement.kind', replacement['kind'], replacementKinds);
      instance.replacement = plainToInstance(replacementForms[replacing], replacement);
    }
  }
  const checked = checkInstance(instance, value);
  return checked.ok ? { ok: true, value: withInstants(value) as unknown as Report } : checked;
}

const wrongKind = (field: string, value: unknown, kinds: readonly string[]): Checked<never> => ({
  ok: false,
  errors: [{ field, detail: refusal(field, value, kinds.join(', ')) }],
});

const instantFields = ['effectiveAt', 'reportedAt', 'upTo'];

function withInstants(value: Record<string, unknown>): Record<string, unknown> {
  const copy = { ...value };
  for (const field of instantFields) if (typeof copy[field] === 'string') copy[field] = parseInstant(copy[field]);
  if (isObject(copy['replacement'])) copy['replacement'] = withInstants(copy['replacement']);
  return copy;
}

function refused(detail: string, value?: Record<string, unknown>): ParsedReport {
  const { reportId, kind, number } = value ?? {};
  return {
    ok: false,
    detail,
    ...(typeof reportId === 'string' && reportIdPattern.test(reportId) ? { reportId: reportId as ReportId } : {}),
    ...(reportKinds.includes(kind as ReportKind) ? { kind: kind as ReportKind } : {}),
    ...(typeof number === 'string' ? { number } : {}),
  };
}
