// Makes data/calendar.json from the npm package chinese-days (npm pack chinese-days@1.5.7):
//   node scripts/make-calendar.mjs package/dist/chinese-days.json > data/calendar.json
import { readFileSync } from 'node:fs';

const [firstDay, lastDay] = ['2020-01-01', '2026-12-31'];
const source = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const within = (days) =>
  Object.keys(days)
    .filter((day) => day >= firstDay && day <= lastDay)
    .sort();
const isWeekend = (day) => [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());

const calendar = {
  version: 1,
  origin:
    'Working days of mainland China, seeded from chinese-days 1.5.7 (npm). MIT License, Copyright (c) 2024 Yawei sun.',
  firstDay,
  lastDay,
  // Weekdays without work, and weekends with it. What is not named is as the weekday says.
  holidays: within(source.holidays).filter((day) => !isWeekend(day) && !(day in source.workdays)),
  workdays: within(source.workdays).filter(isWeekend),
};
process.stdout.write(`${JSON.stringify(calendar, null, 2)}\n`);
