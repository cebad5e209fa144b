// Makes data/places.txt from libphonenumber's resources/geocoding/zh/86.txt or its mobile part:
//   node scripts/make-places.mjs 86.txt > data/places.txt
import { readFileSync } from 'node:fs';

const noticeOf = (lines) => lines.filter((line) => line.startsWith('#')).join('\n');
const place = /^(北京|天津|上海|重庆|内蒙古|广西|西藏|宁夏|新疆|.+?省)市?(.*)$/u;
const municipalities = new Set(['北京', '天津', '上海', '重庆']);

const lines = readFileSync(process.argv[2], 'utf8').split('\n');
const places = new Map();
for (const line of lines) {
  const [number, text] = line.split('|');
  if (!text || !/^861\d{2,6}$/.test(number)) continue;
  const [, province, city] = place.exec(text) ?? [];
  if (!province) throw new Error(`no province in ${line}`);
  const key = municipalities.has(province) ? `${province}市|` : `${province}|${city}`;
  places.set(key, [...(places.get(key) ?? []), number.slice(2)]);
}

/** 1300010 1300011 1300012 → 1300010-1300012 */
function ranges(prefixes) {
  const runs = [];
  for (const prefix of prefixes.sort((a, b) => a.length - b.length || a - b)) {
    const run = runs.at(-1);
    if (run && run.last.length === prefix.length && Number(run.last) + 1 === Number(prefix)) run.last = prefix;
    else runs.push({ first: prefix, last: prefix });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join(' ');
}

const body = [...places].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, prefixes]) => `${key}|${ranges(prefixes)}`);
process.stdout
  .write(`# Where mainland mobile number segments belong: province|city|prefixes after +86, ranges of equal length inclusive.
# The longest prefix that fits a number counts. Made by scripts/make-places.mjs from resources/geocoding/zh/86.txt of
# google/libphonenumber as of July 2026 (its mobile part); changed: split into province and city, grouped. Its notice:
#
${noticeOf(lines)}
${body.join('\n')}
`);
