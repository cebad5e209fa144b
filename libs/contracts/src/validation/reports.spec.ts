import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Report, reportKinds } from '../reports.js';
import { acceptReport } from './accept-report.js';
import { checkColumns, reportFromCells } from './cells.js';
import { checkReport, parseReport } from './parse-report.js';

const holder = `hk1_${'a'.repeat(16)}`;
const other = `hk1_${'B-_9'.repeat(16)}`;
const at = '2026-01-01T09:00:00+08:00';
const common = { reportId: 'r-1', number: '+8613800138000', effectiveAt: at };
const good: Record<string, Record<string, unknown>> = {
  opened: { ...common, kind: 'opened', holder },
  holding: { ...common, kind: 'holding', holder },
  transferred: { ...common, kind: 'transferred', fromHolder: other, holder },
  suspended: { ...common, kind: 'suspended', reason: 'lost' },
  resumed: { ...common, kind: 'resumed' },
  cancelled: { ...common, kind: 'cancelled', reason: 'death' },
  reclaimed: { ...common, kind: 'reclaimed' },
  released: { ...common, kind: 'released' },
  ported: { ...common, kind: 'ported', toCarrier: 'cm', portOrderId: 'P.1' },
  corrected: {
    reportId: 'r-2',
    kind: 'corrected',
    number: '13800138000',
    corrects: 'r-1',
    replacement: { kind: 'cancelled', effectiveAt: at, reason: 'other' },
  },
  complete: { reportId: 'r-3', kind: 'complete', upTo: at, reportedAt: at },
};

const detailOf = (value: unknown): string => {
  const parsed = parseReport(typeof value === 'string' ? value : JSON.stringify(value));
  return parsed.ok ? 'accepted' : parsed.detail;
};
const reportOf = (value: unknown): Report => {
  const parsed = parseReport(JSON.stringify(value));
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.report;
};

describe('a report in order', () => {
  it.each(reportKinds)('of the kind %s is taken, with its instants in UTC', (kind) => {
    const { reportId, kind: said } = reportOf(good[kind]);
    expect([reportId, said]).toEqual([good[kind]!['reportId'], kind]);
    expect(JSON.stringify(reportOf(good[kind]))).not.toContain('+08:00');
  });

  it('is the same whichever way it was written', () => {
    const escaped = JSON.stringify(good['opened']).replace('+86', '\\u002b86').replace(/"/g, ' "');
    expect(parseReport(escaped.replaceAll(' "', '"'))).toEqual({ ok: true, report: reportOf(good['opened']) });
    expect(parseReport(JSON.stringify(good['opened'], null, 3))).toEqual({
      ok: true,
      report: reportOf(good['opened']),
    });
  });

  it('keeps its number as it was written, for the hub to judge', () => {
    for (const number of ['8613800138000', '１３８００１３８０００', '1064912345678']) {
      expect(reportOf({ ...good['opened'], number })).toMatchObject({ number });
    }
  });

  it('may leave out what is optional', () => {
    expect(reportOf({ ...good['transferred'], fromHolder: undefined })).not.toHaveProperty('fromHolder');
    expect(reportOf({ ...good['corrected'], replacement: undefined })).not.toHaveProperty('replacement');
  });
});

describe('a report that is refused', () => {
  it.each([
    [
      'a holder that looks like an identity document',
      'opened',
      { holder: '11010119900307451X' },
      'holder: text of 18 characters; it takes hk1_ and 16 to 64 of A-Z a-z 0-9 _ -',
    ],
    [
      'a holder key that is too short',
      'opened',
      { holder: 'hk1_short' },
      'holder: text of 9 characters; it takes hk1_ and 16 to 64 of A-Z a-z 0-9 _ -',
    ],
    ['no holder', 'holding', { holder: undefined }, 'holder: missing; it takes hk1_ and 16 to 64 of A-Z a-z 0-9 _ -'],
    [
      'an impossible day',
      'released',
      { effectiveAt: '2026-02-30T00:00:00+08:00' },
      'effectiveAt: text of 25 characters; it takes an RFC 3339 instant with offset',
    ],
    [
      'an instant without offset',
      'released',
      { effectiveAt: '2026-02-03T00:00:00' },
      'effectiveAt: text of 19 characters; it takes an RFC 3339 instant with offset',
    ],
    [
      'an instant as a number',
      'released',
      { effectiveAt: 1767225600000 },
      'effectiveAt: a number; it takes an RFC 3339 instant with offset',
    ],
    [
      'a wrong reportedAt',
      'released',
      { reportedAt: 'now' },
      'reportedAt: text of 3 characters; it takes an RFC 3339 instant with offset',
    ],
    ['a null', 'suspended', { reason: null }, 'reason: null; it takes arrears, lost, subscriber, other'],
    [
      'a reason of another kind',
      'suspended',
      { reason: 'death' },
      'reason: text of 5 characters; it takes arrears, lost, subscriber, other',
    ],
    [
      'a cancellation without reason',
      'cancelled',
      { reason: undefined },
      'reason: missing; it takes subscriber, arrears, fraud, death, other',
    ],
    ['a field that the kind does not have', 'released', { holder }, 'holder: no such field here'],
    ['a field that no kind has', 'released', { note: 'x' }, 'note: no such field here'],
    ['a field named like a number', 'released', { '13800138000': 'x' }, 'a name of 11 characters: no such field here'],
    ['a field named like a method', 'released', { toString: 'x' }, 'toString: no such field here'],
    ['a field named constructor', 'released', { constructor: 'x' }, 'constructor: no such field here'],
    [
      'an unknown kind',
      'released',
      { kind: 'renewed' },
      `kind: text of 7 characters; it takes ${reportKinds.join(', ')}`,
    ],
    ['no kind', 'released', { kind: undefined }, `kind: missing; it takes ${reportKinds.join(', ')}`],
    [
      'a report id with a space',
      'released',
      { reportId: 'a b' },
      'reportId: text of 3 characters; it takes 1 to 64 of A-Z a-z 0-9 . _ -',
    ],
    [
      'a number as a number',
      'released',
      { number: 13800138000 },
      'number: a number; it takes +86…, 86… or 11 digits, as text',
    ],
    ['an empty number', 'released', { number: '' }, 'number: empty text; it takes +86…, 86… or 11 digits, as text'],
    [
      'no port order',
      'ported',
      { portOrderId: undefined },
      'portOrderId: missing; it takes 1 to 64 of A-Z a-z 0-9 . _ -',
    ],
    ['an empty recipient', 'ported', { toCarrier: '' }, 'toCarrier: empty text; it takes 1 to 64 of A-Z a-z 0-9 . _ -'],
    ['a correction with an effective time', 'corrected', { effectiveAt: at }, 'effectiveAt: no such field here'],
    [
      'a correction of nothing',
      'corrected',
      { corrects: undefined },
      'corrects: missing; it takes 1 to 64 of A-Z a-z 0-9 . _ -',
    ],
    ['a complete with a number', 'complete', { number: '13800138000' }, 'number: no such field here'],
    [
      'a complete without upTo',
      'complete',
      { upTo: undefined },
      'upTo: missing; it takes an RFC 3339 instant with offset',
    ],
    ['a replacement of another kind', 'released', { replacement: {} }, 'replacement: no such field here'],
  ])('has %s', (_, kind, change, detail) => {
    expect(detailOf({ ...good[kind], ...change })).toBe(detail);
  });

  it.each([
    [{ kind: 'corrected', corrects: 'r-1' }, /^replacement\.kind: text of 9 characters; it takes opened, .*ported$/],
    [{ kind: 'complete', upTo: at }, /^replacement\.kind: text of 8 characters; it takes/],
    [{}, /^replacement\.kind: missing/],
    [[], /^replacement: a list; it takes a report without/],
    ['x', /^replacement: text of 1 character; it takes/],
    [null, /^replacement: null; it takes/],
    [{ kind: 'opened', effectiveAt: at, holder: 'x' }, /^replacement\.holder: text of 1 character; it takes hk1_/],
    [{ kind: 'opened', effectiveAt: at, holder, number: '13800138000' }, /^replacement\.number: no such field here$/],
    [{ kind: 'opened', effectiveAt: at, holder, reportedAt: at }, /^replacement\.reportedAt: no such field here$/],
    [{ kind: 'opened', effectiveAt: at, holder, toString: 'x' }, /toString: no such field here$/],
  ])('has a wrong replacement: %j', (replacement, detail) => {
    expect(detailOf({ ...good['corrected'], replacement })).toMatch(detail);
  });

  it('says what could be read all the same', () => {
    expect(parseReport(JSON.stringify({ ...good['opened'], holder: 'x' }))).toMatchObject({
      ok: false,
      reportId: 'r-1',
      kind: 'opened',
      number: '+8613800138000',
    });
    const nothing = parseReport('{"reportId": 5, "kind": {}, "number": []}');
    expect(Object.keys(nothing)).toEqual(['ok', 'detail']);
  });

  it('never repeats a value', () => {
    for (const field of ['reportId', 'kind', 'number', 'effectiveAt', 'holder', 'x']) {
      const value = '13800138000 hk1_canary';
      expect(detailOf({ ...good['opened'], [field]: [value], [value]: value })).not.toContain('canary');
      expect(detailOf({ ...good['opened'], [value]: value })).not.toContain('13800138000');
    }
  });
});

describe('a line that is no clean JSON object', () => {
  const text = JSON.stringify(good['opened']);
  it.each([
    ['cut off in the middle', text.slice(0, 40), 'line: not JSON; it takes a JSON object'],
    ['empty', '', 'line: empty; it takes a JSON object'],
    ['a list', '[]', 'line: a list; it takes a JSON object'],
    ['null', 'null', 'line: null; it takes a JSON object'],
    ['a text', '"x"', 'line: text of 1 character; it takes a JSON object'],
    ['two objects', text + text, 'line: not JSON; it takes a JSON object'],
    ['a key twice', text.replace('{', '{"holder":"hk1_other",'), 'holder: there twice; it takes each field once'],
    [
      'a key twice, once escaped',
      text.replace('{', '{"\\u0068older":"x",'),
      'holder: there twice; it takes each field once',
    ],
    ['a key twice that is no text', text.replace('{', '{"kind":1,'), 'kind: there twice; it takes each field once'],
    ['a prototype', text.replace('{', '{"__proto__":{"holder":1},'), 'a name of 9 characters: no such field here'],
    ['deep', `{"a":${'['.repeat(3000)}${']'.repeat(3000)}}`, 'line: nested deeper than 4; it takes fields with texts'],
    [
      'a lone surrogate',
      text.replace('r-1', '\\ud800'),
      'line: half of a surrogate pair; it takes well-formed Unicode',
    ],
    ['a NUL', text.replace('r-1', '\\u0000'), 'line: a NUL character; it takes text without'],
    ['a raw NUL', text.replace('r-1', '\0'), 'line: not JSON; it takes a JSON object'],
    ['a huge number', text.replace('"r-1"', '1e999'), 'reportId: a number; it takes 1 to 64 of A-Z a-z 0-9 . _ -'],
    ['long', text.replace('r-1', 'x'.repeat(8200)), /^line: 83\d\d bytes; it takes at most 8192$/],
    ['long in bytes only', text.replace('r-1', '字'.repeat(2800)), /^line: 8\d\d\d bytes; it takes at most 8192$/],
  ])('is refused: %s', (_, line, detail) => {
    if (typeof detail === 'string') expect(detailOf(line)).toBe(detail);
    else expect(detailOf(line)).toMatch(detail);
  });

  it('may be exactly as long as is allowed', () => {
    const padded = text + ' '.repeat(8192 - text.length);
    expect(parseReport(padded).ok).toBe(true);
    expect(parseReport(`${padded} `).ok).toBe(false);
  });

  it('finds the report id of a line with another key twice, and none where that is the key', () => {
    expect(parseReport(text.replace('{', '{"holder":"x",'))).toHaveProperty('reportId', 'r-1');
    expect(parseReport(text.replace('{', '{"reportId":"x",'))).not.toHaveProperty('reportId');
  });

  it('is refused whichever key stands twice, wherever and with whatever value', () => {
    const texts = Object.values(good).map((value) => JSON.stringify(value));
    const written = fc.tuple(fc.constantFrom(...texts), fc.nat(), fc.nat(), fc.json({ maxDepth: 1 }));
    fc.assert(
      fc.property(written, ([line, which, where, value]) => {
        const keys = [...line.matchAll(/"(\w+)":/g)].map(([, key]) => key!);
        const top = Object.keys(JSON.parse(line) as object);
        const key = top[which % top.length]!;
        const places = [1, line.length - 1];
        const place = places[where % places.length]!;
        const pair = `${JSON.stringify(key)}:${value}`;
        const twice = place === 1 ? `{${pair},${line.slice(1)}` : `${line.slice(0, -1)},${pair}}`;
        expect(keys).toContain(key);
        expect(parseReport(twice).ok).toBe(false);
      }),
    );
  });

  it('never makes the parser throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (any) => !parseReport(any).ok));
    fc.assert(fc.property(fc.json(), (any) => !parseReport(any).ok));
  });
});

describe('the quick way', () => {
  const field = fc.oneof(
    fc.constantFrom(undefined, null, '', 'r-1', holder, at, 'lost', 'death', 'cm', '2026-02-30T00:00:00Z', 1, [], {}),
    fc.constantFrom(...reportKinds),
    fc.string(),
  );
  const names = [
    'reportId',
    'kind',
    'number',
    'effectiveAt',
    'reportedAt',
    'holder',
    'fromHolder',
    'reason',
    'toCarrier',
  ];
  const name = fc.constantFrom(
    ...names,
    'portOrderId',
    'corrects',
    'upTo',
    'replacement',
    'toString',
    'x',
    '__proto__',
  );
  const changes = fc.array(fc.tuple(name, field), { maxLength: 3 });
  const report = fc.constantFrom(...Object.values(good));
  /** One with changes, some of them in its replacement. */
  const nearly = fc.tuple(report, changes, changes).map(([base, outer, inner]) => {
    const changed = { ...base, ...Object.fromEntries(outer) } as Record<string, unknown>;
    if (changed['replacement'] === base['replacement'] && base['replacement']) {
      changed['replacement'] = { ...(base['replacement'] as object), ...Object.fromEntries(inner) };
    }
    return JSON.parse(JSON.stringify(changed)) as Record<string, unknown>;
  });

  it('takes what the forms take, refuses what they refuse, and reads the same', () => {
    let accepted = 0;
    fc.assert(
      fc.property(nearly, (value) => {
        const quick = acceptReport(value);
        const checked = checkReport(value);
        expect(quick).toEqual(checked.ok ? checked.value : undefined);
        if (quick) accepted += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

describe('a row of a file', () => {
  it('says a report: empty cells are absent, replacement columns stand in the replacement', () => {
    const columns = [
      'kind',
      'reportId',
      'number',
      'corrects',
      'holder',
      'replacement.kind',
      'replacement.effectiveAt',
      'replacement.reason',
    ];
    const cells = ['corrected', 'r-2', '13800138000', 'r-1', '', 'cancelled', at, 'other'];
    expect(checkColumns(columns)).toEqual({ ok: true });
    expect(reportOf(reportFromCells(columns, cells))).toEqual(reportOf(good['corrected']));
    expect(reportFromCells(columns, ['released', 'r-1', '1', '', '', '', '', ''])).toEqual({
      kind: 'released',
      reportId: 'r-1',
      number: '1',
    });
  });

  it.each([
    [['reportId', 'kind', 'colour'], 'UNKNOWN_COLUMN', 'Column 3 (colour) is not one of reportId, kind,'],
    [['reportId', 'kind', ''], 'UNKNOWN_COLUMN', 'Column 3 (a name of 0 characters) is not one of'],
    [['r-1', '+8613800138000'], 'UNKNOWN_COLUMN', 'Column 1 (a name of 3 characters) is not one of'],
    [['reportId', 'kind', 'replacement.number'], 'UNKNOWN_COLUMN', 'Column 3 (replacement.number) is not one of'],
    [['reportId', 'kind', 'reportId'], 'DUPLICATE_COLUMN', 'Column 3 (reportId) is there twice.'],
    [['kind', 'number'], 'MISSING_COLUMN', 'The column reportId is missing.'],
    [['reportId'], 'MISSING_COLUMN', 'The column kind is missing.'],
  ])('stands under a header that is refused whole: %j', (header, code, detail) => {
    const checked = checkColumns(header);
    expect(checked).toMatchObject({ ok: false, code });
    if (!checked.ok) expect(checked.detail.startsWith(detail)).toBe(true);
  });
});
