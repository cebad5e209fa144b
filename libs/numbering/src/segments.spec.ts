import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Segment } from '@numlife/contracts';
import type { Instant } from '@numlife/event-sourcing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parsePlaces } from './places.js';
import { parseSegmentFile, type SegmentRow, sinceEver } from './segment-file.js';
import { segmentTable } from './segment-table.js';
import { type ImportSegments, type SegmentEvent, segments, segmentTableFrom } from './segments.js';

const resolve = createRequire(import.meta.url).resolve;
const data = (name: string): string => readFileSync(resolve(`@numlife/numbering/data/${name}`), 'utf8');
const rowsOf = (text: string): readonly SegmentRow[] => {
  const parsed = parseSegmentFile(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.segments;
};
const ministry = rowsOf(data('mobile-prefixes-2023-03.csv'));
const sample = rowsOf(data('segments-sample.csv'));
const now = '2026-06-30T00:00:00.000Z' as Instant;

const row = (prefix: string, more: Partial<Segment> = {}): Segment => ({
  prefix,
  use: 'public',
  holder: 'ct',
  validFrom: sinceEver,
  tableVersion: 1,
  ...more,
});
const importing = (importId: string, rows: readonly SegmentRow[]): ImportSegments => ({
  type: 'importSegments',
  importId,
  by: 'operator:caict',
  segments: rows,
});
const run = (...commands: ImportSegments[]): SegmentEvent[] => {
  const events: SegmentEvent[] = [];
  let state = segments.initialState();
  for (const command of commands) {
    const decision = segments.decide(command, state);
    if (decision.outcome === 'refused') throw new Error(decision.refusal.detail);
    for (const event of decision.events) {
      events.push(event);
      state = segments.evolve(state, event);
    }
  }
  return events;
};

describe('the table of the ministry', () => {
  const table = segmentTableFrom(run(importing('a', ministry), importing('b', sample)));

  it.each([
    ['+8613800138000', 'cm'],
    ['+8613012345678', 'cu'],
    ['+8613312345678', 'ct'],
    ['+8619212345678', 'cbn'],
    ['+8617001234567', 'ct'],
    ['+8617031234567', 'mv1'],
    ['+8617051234567', 'cm'],
    ['+8613481234567', 'cm'],
  ])('says whose %s is', (number, holder) => {
    expect(table.rangeHolder(number, now)).toBe(holder);
  });

  it.each([
    ['an IoT number', '+8614612345678'],
    ['a satellite number', '+8613491234567'],
    ['a satellite number of a longer prefix', '+8617401234567'],
    ['an unallocated one', '+8612345678901'],
    ['one of an unallocated part of a prefix', '+8617491234567'],
    ['no number', '13800138000'],
  ])('serves nobody in %s', (_, number) => {
    expect(table.served(number, now)).toBeUndefined();
    expect(table.rangeHolder(number, now)).toBeUndefined();
  });

  it('finds what is not served too, and says what it is for', () => {
    expect(table.find('+8614612345678', now)).toMatchObject({ prefix: '146', use: 'iot' });
    expect(table.find('+8617491234567', now)).toMatchObject({ prefix: '1749', use: 'satellite', holder: 'other' });
  });
});

describe('a table', () => {
  it('goes by the longest prefix that is valid at the instant, in Shanghai', () => {
    const table = segmentTable([
      row('170', { use: 'iot' }),
      row('1703', { holder: 'cm', use: 'mvno', validFrom: '2026-01-02' }),
      row('1703', { holder: 'cu', use: 'mvno', assignedTo: 'mv1', validFrom: '2026-03-01' }),
    ]);
    const at = (instant: string): string | undefined => table.find('+8617031234567', instant as Instant)?.holder;
    expect(at('2026-01-01T15:59:59.999Z')).toBe('ct');
    expect(at('2026-01-01T16:00:00.000Z')).toBe('cm');
    expect(at('2026-02-28T16:00:00.000Z')).toBe('cu');
    expect(at('0000-06-01T00:00:00.000Z')).toBeUndefined();
    expect(table.find('+8617031234567')?.assignedTo).toBe('mv1');
    expect(table.rangeHolder('+8617031234567')).toBe('mv1');
  });

  it('goes by the later import where two rows are of the same day, in whatever order they come', () => {
    const [old, young] = [row('138'), row('138', { holder: 'cm', tableVersion: 2 })];
    for (const rows of [
      [old, young],
      [young, old],
    ])
      expect(segmentTable(rows).find('+8613800138000')?.holder).toBe('cm');
  });

  it('finds what a search through all rows finds', () => {
    const prefix = fc.stringMatching(/^1[0-9]{2,5}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(prefix, { maxLength: 200 }),
        fc.array(fc.stringMatching(/^1[0-9]{10}$/)),
        (prefixes, numbers) => {
          const table = segmentTable(prefixes.map((one) => row(one)));
          for (const number of numbers) {
            const longest = prefixes.filter((one) => number.startsWith(one)).sort((a, b) => b.length - a.length)[0];
            expect(table.find(`+86${number}`)?.prefix).toBe(longest);
          }
        },
      ),
    );
  });

  it('lists its rows in the order of prefixes and days', () => {
    const rows = [row('139'), row('138', { validFrom: '2026-02-01' }), row('138'), row('1380')];
    const listed = segmentTable(rows).all();
    expect(listed.map(({ prefix, validFrom }) => `${prefix} ${validFrom}`)).toEqual([
      `138 ${sinceEver}`,
      '138 2026-02-01',
      `1380 ${sinceEver}`,
      `139 ${sinceEver}`,
    ]);
  });

  it('without rows knows no number', () => {
    expect(segmentTable([]).version).toBe(0);
    expect(segmentTable([]).find('+8613800138000')).toBeUndefined();
    expect(segmentTable([]).all()).toEqual([]);
  });
});

describe('the places of segments', () => {
  const places = parsePlaces(data('places.txt'));
  const events = run(importing('a', ministry), { ...importing('c', []), places }, importing('b', sample));
  const table = segmentTableFrom(events);
  const all = table.all();

  it('stand in every finer segment, with the holder and use of the row it lies in', () => {
    expect(all.length).toBeGreaterThan(100_000);
    const of = (prefix: string): Segment | undefined => all.find((segment) => segment.prefix === prefix);
    expect(of('1300000')).toEqual(
      row('1300000', { holder: 'cu', province: '山东省', city: '济南市', tableVersion: 2 }),
    );
    expect(of('1300010')).toEqual(row('1300010', { holder: 'cu', province: '北京市', tableVersion: 2 }));
    expect(of('1703')).toMatchObject({ assignedTo: 'mv1', tableVersion: 3 });
    expect(of('1703')).not.toHaveProperty('province');
  });

  it('follow the row they lie in, and its version', () => {
    const inside = { province: '广东省', prefixes: ['1703100-1703102', '1703'] };
    const [plain, assigned] = [row('1703', { use: 'mvno' }), row('1703', { use: 'mvno', assignedTo: 'mv1' })];
    const grown = segmentTableFrom(
      run(importing('1', [plain]), { ...importing('2', []), places: [inside] }, importing('3', [assigned])),
    );
    expect(grown.all().map(({ prefix, assignedTo, tableVersion }) => [prefix, assignedTo, tableVersion])).toEqual([
      ['1703', 'mv1', 3],
      ['1703100', 'mv1', 3],
      ['1703101', 'mv1', 3],
      ['1703102', 'mv1', 3],
    ]);
  });

  it('do not decide whose a number is, so that a later allocation holds for all of its prefix', () => {
    expect(table.find('+8617031234567', now)).toMatchObject({ prefix: '1703', assignedTo: 'mv1' });
  });

  it('are recorded in events that fit, numbered from 1 to their count', () => {
    const parts = events.filter(({ data: { importId } }) => importId === 'c');
    expect(parts.map(({ data: { part, of } }) => `${part}/${of}`)).toEqual(
      parts.map((_, i) => `${i + 1}/${parts.length}`),
    );
    expect(new Set(parts.map(({ data: { tableVersion } }) => tableVersion))).toEqual(new Set([2]));
    for (const { data: content } of parts) expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(30 * 1024);
  });
});

describe('an import', () => {
  it('that was made already, or changes nothing, records nothing', () => {
    expect(run(importing('a', ministry), importing('a', ministry))).toHaveLength(1);
    expect(run(importing('a', ministry), importing('other', ministry))).toHaveLength(1);
    const located = { ...importing('p', []), places: [{ province: '广东省', prefixes: ['1380', '1381-1383'] }] };
    expect(run(located, located)).toHaveLength(1);
  });

  it('records only the rows that are new, under the next version', () => {
    const [, second] = run(
      importing('a', ministry),
      importing('b', [...ministry.filter(({ prefix }) => prefix !== '1703'), ...sample]),
    );
    expect(second?.data).toMatchObject({ tableVersion: 2, segments: sample });
  });

  it('can set a row back to what it was', () => {
    const [a, b] = [row('138'), row('138', { holder: 'cm' })];
    const events = run(importing('1', [a]), importing('2', [b]), importing('1', [a]));
    expect(segmentTableFrom(events).find('+8613800138000')?.holder).toBe('ct');
  });

  it('is refused when it has no row or one twice', () => {
    const decide = (rows: SegmentRow[]): object => segments.decide(importing('a', rows), segments.initialState());
    expect(decide([])).toMatchObject({ outcome: 'refused', refusal: { kind: 'nothing-to-import' } });
    expect(decide([row('138'), row('138')])).toMatchObject({
      outcome: 'refused',
      refusal: { kind: 'same-prefix-twice' },
    });
  });
});

describe('a segment file', () => {
  it('may have a byte order mark, CRLF, quotes, remarks and its columns in any order', () => {
    const text = '\ufeff# remark\r\nuse,prefix,"holder",validFrom\r\npublic,138,"China ""X"", Ltd",2026-01-01\r\n\r\n';
    expect(rowsOf(text)).toEqual([{ prefix: '138', use: 'public', holder: 'China "X", Ltd', validFrom: '2026-01-01' }]);
  });

  it('of the ministry names carriers that have ids here by their ids', () => {
    expect(new Set(ministry.map(({ holder }) => holder))).toEqual(
      new Set(['cu', 'cm', 'ct', 'cbn', 'China SatNet', 'other']),
    );
    expect(ministry).toHaveLength(88);
  });

  it.each([
    ['', 'file', 'is empty'],
    ['prefix,holder,use\n', 'file', 'has no row'],
    ['prefix,holder\n138,cm', 'line 1', 'the column use is missing'],
    ['prefix,holder,use,colour\n', 'line 1', 'column 4 is none of prefix,holder,use'],
    ['prefix,holder,use,use\n', 'line 1', 'a column is there twice'],
    ['prefix,holder,use\n138,cm', 'line 2', '2 cells; the header has 3'],
    ['prefix,holder,use\n\n23,cm,public', 'line 3', 'prefix: text of 2 characters; it takes 3 to 11 digits'],
    ['prefix,holder,use\n138,cm,shop', 'line 2', 'use: text of 4 characters; it takes public, mvno, iot'],
    ['prefix,holder,use\n138,,public', 'line 2', "holder: text of 0 characters; it takes a carrier's id"],
    [
      'prefix,holder,use,validFrom\n138,cm,public,2026-02-30',
      'line 2',
      'validFrom: text of 10 characters; it takes a calendar',
    ],
    ['prefix,holder,use,assignedTo\n138,cm,public,mv1', 'line 2', 'assignedTo: only a segment of the use mvno has it'],
    ['prefix,holder,use\n138,"cm,public', 'line 2', 'a quote that does not end'],
    ['prefix,holder,use\n138,cm,public\n138,cu,public', 'line 3', 'the same prefix from the same day is there twice'],
  ])('is refused whole: %j', (text, field, detail) => {
    const parsed = parseSegmentFile(text);
    expect(parsed).toMatchObject({
      ok: false,
      errors: [{ field, detail: expect.stringContaining(detail) as unknown }],
    });
  });
});
